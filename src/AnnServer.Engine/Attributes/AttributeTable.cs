using AnnServer.Core.Filtering;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Attributes;

/// <summary>
/// The attributes of a collection's points by ordinal, and the indexes over the declared ones. Any number of readers beside one
/// writer at a time: <see cref="Set"/>, <see cref="Clear"/>, <see cref="AddIndex"/>, <see cref="DropIndex"/> and the bulk
/// methods are writes, and the caller keeps them apart.
/// </summary>
internal sealed class AttributeTable : IDisposable
{
    // Guards _indexes and all within: readers hold it shared while they look up, the writer holds it alone while it moves one
    // point from its old values to its new ones, so a reader sees each point's entries either all old or all new. Points are
    // read outside it, so that a filter over undeclared attributes never makes a writer wait. No other lock is taken inside.
    private readonly ReaderWriterLockSlim _lock = new(LockRecursionPolicy.NoRecursion);
    private readonly Dictionary<string, AttributeIndex> _indexes = new(StringComparer.Ordinal);
    private readonly BlobStore _blobs = new();
    private readonly WriteTrail _trail = new();
    private bool _isBulkLoading;

    // Attributes stay with their ordinal until nobody can be reading them, longer than its point lives: an index that is built
    // meanwhile leaves them out.
    private readonly Func<uint, bool>? _isLive;

    /// <param name="schemas">Attributes to index.</param>
    /// <param name="isLive">Ordinals that an index is built over; all that have attributes where it is null.</param>
    public AttributeTable(IReadOnlyList<AttributeSchema> schemas, Func<uint, bool>? isLive = null)
    {
        ArgumentNullException.ThrowIfNull(schemas);
        _isLive = isLive;
        foreach (AttributeSchema schema in schemas)
        {
            _indexes.Add(schema.Name, AttributeIndex.Create(schema));
        }
    }

    /// <summary>Bitmaps over the ordinals, kept between evaluations.</summary>
    public BitmapPool Bitmaps { get; } = new();

    /// <summary>One more than the greatest ordinal ever set.</summary>
    public int Length => _blobs.Length;

    public long MemoryBytes => _blobs.MemoryBytes;

    public long IndexMemoryBytes
    {
        get
        {
            _lock.EnterReadLock();
            try
            {
                long bytes = 0;
                foreach (AttributeIndex index in _indexes.Values)
                {
                    bytes += index.MemoryBytes;
                }

                return bytes;
            }
            finally
            {
                _lock.ExitReadLock();
            }
        }
    }

    /// <summary>The encoded attributes of a point; null where there are none. Takes no lock.</summary>
    public byte[]? Get(uint ordinal) => _blobs.Get(ordinal);

    /// <summary>Replaces the attributes of a point.</summary>
    /// <exception cref="ArgumentException">A declared attribute has a value of another type; nothing has changed.</exception>
    public void Set(uint ordinal, byte[]? blob)
    {
        if (_isBulkLoading)
        {
            _blobs.Set(ordinal, blob);
            return;
        }

        ThrowIfMistyped(blob);
        byte[]? previous = _blobs.Get(ordinal);
        _lock.EnterWriteLock();
        try
        {
            foreach (AttributeIndex index in _indexes.Values)
            {
                Reindex(index, ordinal, previous, blob);
            }

            _trail.Add(ordinal);
            _blobs.Set(ordinal, blob);
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    public void Clear(uint ordinal) => Set(ordinal, null);

    /// <summary>From now on <see cref="Set"/> only stores, until <see cref="RebuildIndexes"/>; meanwhile nothing can be evaluated.</summary>
    public void BeginBulkLoad()
    {
        _lock.EnterWriteLock();
        _isBulkLoading = true;
        _lock.ExitWriteLock();
    }

    /// <summary>Ends a bulk load: builds every index from the stored points, by sorting.</summary>
    /// <exception cref="InvalidDataException">A stored value is not of its declared type.</exception>
    public void RebuildIndexes()
    {
        AttributeIndex[] rebuilt = [.. _indexes.Values.Select(static stale => AttributeIndex.Create(stale.Schema))];
        IndexMismatches[] mismatches = IndexLoader.Load(rebuilt, _blobs, _isLive);
        for (int i = 0; i < rebuilt.Length; i++)
        {
            if (mismatches[i].Count > 0)
            {
                throw new InvalidDataException(
                    $"Attribute {rebuilt[i].Schema.Name} is declared {TypeNames.Of(rebuilt[i].Schema.Type)}, but {mismatches[i].Count} "
                    + $"points hold another type; the first, in slot {mismatches[i].FirstOrdinal}, holds {TypeNames.Of(mismatches[i].FirstKind)}.");
            }
        }

        _lock.EnterWriteLock();
        try
        {
            foreach (AttributeIndex index in rebuilt)
            {
                _indexes[index.Schema.Name] = index;
            }

            _isBulkLoading = false;
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    /// <summary>Declares an attribute and indexes what is stored. Where stored values are of another type it changes nothing and says so.</summary>
    public IndexMismatches AddIndex(AttributeSchema schema)
    {
        if (_indexes.ContainsKey(schema.Name))
        {
            throw new ArgumentException($"Attribute {schema.Name} is indexed already.", nameof(schema));
        }

        // Built outside the lock: the only writer is here, and readers go on with the indexes there are.
        AttributeIndex index = AttributeIndex.Create(schema);
        IndexMismatches mismatches = _isBulkLoading ? default : IndexLoader.Load([index], _blobs, _isLive)[0];
        if (mismatches.Count == 0)
        {
            _lock.EnterWriteLock();
            try
            {
                _indexes.Add(schema.Name, index);
            }
            finally
            {
                _lock.ExitWriteLock();
            }
        }

        return mismatches;
    }

    /// <summary>Forgets an index; its attribute stays stored. False when there is none.</summary>
    public bool DropIndex(string name)
    {
        _lock.EnterWriteLock();
        try
        {
            return _indexes.Remove(name);
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    /// <summary>Adds the ordinals whose attributes satisfy the predicate to the empty <paramref name="result"/>, within its length.</summary>
    /// <param name="predicate">A predicate that has been bound.</param>
    /// <param name="result">Empty, of the length to look at; a negation ranges over all of it.</param>
    /// <param name="resolver">Finds identifiers; may be null where the predicate names none.</param>
    /// <param name="scope">Where given, the only ordinals looked at; of the same length.</param>
    /// <param name="cancellation">Ends a long reading of points with <see cref="OperationCanceledException"/>.</param>
    public void Evaluate(
        Predicate predicate, OrdinalBitmap result, IIdResolver? resolver, OrdinalBitmap? scope, CancellationToken cancellation)
    {
        PredicateEvaluation evaluation = new(_blobs, Bitmaps, result.Length, cancellation);
        OrdinalBitmap? everything = null;
        if (scope is null)
        {
            scope = everything = Bitmaps.Rent(result.Length);
            everything.Fill();
        }

        PlanNode? plan = null;
        try
        {
            plan = Resolve(predicate, evaluation, resolver, scope, result, out long version);
            if (version >= 0)
            {
                evaluation.Select(plan, scope, result);
                Reconcile(plan, evaluation, scope, result, version);
            }
        }
        finally
        {
            if (plan is not null)
            {
                PredicateEvaluation.Release(plan, Bitmaps);
            }

            if (everything is not null)
            {
                Bitmaps.Return(everything);
            }
        }
    }

    /// <summary>Counts the writes so far. Read before points are looked at; see <see cref="IsUnchangedSince"/>.</summary>
    public long Version => _trail.Version;

    /// <summary>Whether no ordinal of the set has been written since the version was read.</summary>
    public bool IsUnchangedSince(long version, OrdinalBitmap ordinals)
    {
        if (_trail.Version == version)
        {
            return true;
        }

        List<uint> written = [];
        return _trail.TryRead(version, written) && !written.Exists(ordinals.Contains);
    }

    /// <summary>Keeps the indexes as they are until it is disposed; the writer waits, and nothing else here that needs them may be called.</summary>
    public Reading Read() => new(this);

    public void Dispose() => _lock.Dispose();

    /// <summary>The step under the lock. The version is that of the writes it has seen, or -1 when the result is complete.</summary>
    private PlanNode Resolve(
        Predicate predicate,
        PredicateEvaluation evaluation,
        IIdResolver? resolver,
        OrdinalBitmap scope,
        OrdinalBitmap result,
        out long version)
    {
        _lock.EnterReadLock();
        try
        {
            if (_isBulkLoading)
            {
                throw new InvalidOperationException("Attributes are being loaded; the indexes are not there yet.");
            }

            PlanNode plan = new PlanBuilder(_indexes, resolver).Build(predicate);
            version = _trail.Version;
            if (plan.NeedsNoPoints || !evaluation.TryResolve(plan))
            {
                evaluation.Select(plan, scope, result);
                version = -1;
            }

            return plan;
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    /// <summary>
    /// Decides the points that were written since the indexes were read once more, each from one reading, so that no point is
    /// judged by a mixture of its old and its new attributes.
    /// </summary>
    private void Reconcile(PlanNode plan, PredicateEvaluation evaluation, OrdinalBitmap scope, OrdinalBitmap result, long version)
    {
        if (_trail.Version == version)
        {
            return;
        }

        List<uint> written = [];
        if (_trail.TryRead(version, written))
        {
            foreach (uint ordinal in written)
            {
                if (scope.Contains(ordinal) && plan.Matches(ordinal, _blobs.Get(ordinal)))
                {
                    result.Add(ordinal);
                }
                else if (ordinal < (uint)result.Length)
                {
                    result.Remove(ordinal);
                }
            }

            return;
        }

        // Too much has changed: once more, with the writer waiting.
        PredicateEvaluation.Release(plan, Bitmaps);
        result.Reset(result.Length);
        _lock.EnterReadLock();
        try
        {
            evaluation.Select(plan, scope, result);
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    private void ThrowIfMistyped(byte[]? blob)
    {
        if (blob is null)
        {
            return;
        }

        foreach (AttributeIndex index in _indexes.Values)
        {
            if (AttributeCodec.TryFind(blob, index.Utf8Name, out AttributeView value) && !index.Accepts(value))
            {
                throw new ArgumentException(
                    $"Attribute {index.Schema.Name} is declared {TypeNames.Of(index.Schema.Type)}, but the value is {TypeNames.Of(value.Kind)}.",
                    nameof(blob));
            }
        }
    }

    private static void Reindex(AttributeIndex index, uint ordinal, byte[]? previous, byte[]? blob)
    {
        AttributeView before = default;
        AttributeView after = default;
        bool had = previous is not null && AttributeCodec.TryFind(previous, index.Utf8Name, out before);
        bool has = blob is not null && AttributeCodec.TryFind(blob, index.Utf8Name, out after);
        if (had && has && before.SameAs(after))
        {
            return;
        }

        // An index that was built after the point had gone has nothing of it, whatever type its value is of.
        if (had && index.Accepts(before))
        {
            index.Remove(ordinal, before);
        }

        if (has)
        {
            index.Add(ordinal, after);
        }
    }

    public readonly ref struct Reading
    {
        private readonly AttributeTable _table;

        internal Reading(AttributeTable table)
        {
            _table = table;
            table._lock.EnterReadLock();
        }

        /// <summary>The index of a declared attribute; to be used under this reading and later ones only.</summary>
        public AttributeIndex? Find(string name) => _table._indexes.GetValueOrDefault(name);

        public void Dispose() => _table._lock.ExitReadLock();
    }
}
