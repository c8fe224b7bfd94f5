using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>
/// Filters that have been compiled, by their text and by their canonical form, and what those that come again and again match for as long
/// as no point changes. What has not been used for longest goes first.
/// </summary>
/// <param name="capacity">Bytes it may take; 0 keeps nothing.</param>
internal sealed class FilterCache(long capacity)
{
    // Longer ones take longer to look up than to compile.
    private const int MaxTextLength = 4096;
    private const int MaxTerms = 128;

    // What one filter matches by parts may take so much of it.
    private const int EntriesWithRoom = 16;

    // Of an entry beside its text: its objects and its place in the table.
    private const int EntryBytes = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<Key, Entry> _entries = [];
    private long _bytes;
    private long _clock;

    /// <summary>Bytes taken, about.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>The filter compiled; null where there is none, or a fault.</summary>
    public CompiledFilter? Compile(uint collection, FilterSpec spec, CollectionConfig config, EngineLimits limits, Faults faults)
    {
        string? written = capacity > 0 && spec is { Predicate: null, Expression.Length: <= MaxTextLength } ? spec.Expression : null;
        if (written is not null && Find(new Key(collection, IsCanonical: false, written), config) is { } known)
        {
            return known;
        }

        if (!FilterCompiler.TryCompile(spec, config.Attributes, limits, faults, out Predicate? predicate) || predicate is null)
        {
            return null;
        }

        var compiled = new CompiledFilter(predicate, config);
        if (capacity == 0 || Terms(predicate) > MaxTerms || compiled.Text.Length > MaxTextLength)
        {
            return compiled;
        }

        var canonical = new Key(collection, IsCanonical: true, compiled.Text);
        compiled = Find(canonical, config) ?? compiled;
        lock (_lock)
        {
            Put(canonical, compiled);
            if (written is not null)
            {
                Put(new Key(collection, IsCanonical: false, written), compiled);
            }
        }

        return compiled;
    }

    /// <summary>
    /// Told of each evaluation. Keeps a copy of the matches where the filter was evaluated before and nothing has changed since: while points
    /// are written all the time there is nothing to keep.
    /// </summary>
    public void Evaluated(uint collection, CompiledFilter filter, long revision, int live, OrdinalBitmap matches, int count)
    {
        if (capacity == 0)
        {
            return;
        }

        KeptMatches? kept = filter.Last is { } last && last.IsOf(revision, live) ? new KeptMatches(matches, count) : null;
        var key = new Key(collection, IsCanonical: true, filter.Text);
        lock (_lock)
        {
            ref Entry entry = ref CollectionsMarshal.GetValueRefOrNullRef(_entries, key);
            // Not one that was never kept, has had to go, or was compiled for other attributes.
            if (Unsafe.IsNullRef(ref entry) || entry.Filter != filter)
            {
                return;
            }

            filter.Last = new FilterEvaluation(revision, live, kept, count);
            long bytes = key.Bytes + (kept?.Bytes ?? 0);
            _bytes += bytes - entry.Bytes;
            entry.Bytes = bytes;
            Trim();
        }
    }

    /// <summary>Whether so many matches by parts would leave room for others.</summary>
    public bool HasRoomFor(int matches) => PartitionedMatches.BytesFor(matches) <= capacity / EntriesWithRoom;

    /// <summary>Forgets what it has of a collection that is gone.</summary>
    public void Forget(uint collection)
    {
        lock (_lock)
        {
            foreach ((Key key, Entry entry) in _entries.Where(pair => pair.Key.Collection == collection).ToList())
            {
                Remove(key, entry);
            }
        }
    }

    /// <summary>Keeps the matches of an evaluation that is kept by parts, too.</summary>
    public void Keep(uint collection, CompiledFilter filter, FilterEvaluation evaluation, PartitionedMatches arranged)
    {
        var key = new Key(collection, IsCanonical: true, filter.Text);
        lock (_lock)
        {
            ref Entry entry = ref CollectionsMarshal.GetValueRefOrNullRef(_entries, key);
            if (Unsafe.IsNullRef(ref entry) || entry.Filter != filter || filter.Last != evaluation || evaluation.Arranged is not null)
            {
                return;
            }

            evaluation.Arranged = arranged;
            _bytes += arranged.MemoryBytes;
            entry.Bytes += arranged.MemoryBytes;
            Trim();
        }
    }

    private CompiledFilter? Find(Key key, CollectionConfig config)
    {
        lock (_lock)
        {
            ref Entry entry = ref CollectionsMarshal.GetValueRefOrNullRef(_entries, key);
            if (Unsafe.IsNullRef(ref entry) || !ReferenceEquals(entry.Filter.Config, config))
            {
                return null;
            }

            entry.Filter.LastUsed = ++_clock;
            return entry.Filter;
        }
    }

    private void Put(Key key, CompiledFilter filter)
    {
        ref Entry entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_entries, key, out bool exists);
        if (exists && ReferenceEquals(entry.Filter, filter))
        {
            return;
        }

        _bytes += key.Bytes - entry.Bytes;
        entry = new Entry { Filter = filter, Bytes = key.Bytes };
        filter.LastUsed = ++_clock;
        Trim();
    }

    // Down to seven eighths, so that not every entry costs a look at all of them.
    private void Trim()
    {
        if (_bytes <= capacity)
        {
            return;
        }

        // What a filter matches goes after the texts that lead to it.
        foreach ((Key key, Entry entry) in _entries.OrderBy(static pair => pair.Value.Filter.LastUsed).ThenBy(static pair => pair.Key.IsCanonical).ToList())
        {
            if (_bytes <= capacity - (capacity / 8))
            {
                break;
            }

            Remove(key, entry);
        }
    }

    private void Remove(Key key, in Entry entry)
    {
        if (key.IsCanonical)
        {
            // Whoever searches with the matches keeps them until then.
            entry.Filter.Last = null;
        }

        _entries.Remove(key);
        _bytes -= entry.Bytes;
    }

    private static int Terms(Predicate predicate) => predicate switch
    {
        Predicate.And and => and.Operands.Sum(Terms),
        Predicate.Or or => or.Operands.Sum(Terms),
        Predicate.Not not => Terms(not.Operand),
        Predicate.In set => set.Values.Length,
        Predicate.Ids ids => ids.Values.Length,
        _ => 1,
    };

    /// <param name="IsCanonical">The text is the canonical form, not one in which the filter was written.</param>
    private readonly record struct Key(uint Collection, bool IsCanonical, string Text)
    {
        public long Bytes => EntryBytes + ((long)Text.Length * sizeof(char));
    }

    private struct Entry
    {
        public CompiledFilter Filter;
        public long Bytes;
    }
}
