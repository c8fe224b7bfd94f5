using System.Runtime.CompilerServices;
using AnnServer.Core.Filtering;

namespace AnnServer.Engine.Attributes;

/// <summary>
/// (key, ordinal) entries in ascending order, kept in runs of at most <see cref="SortedRun{TKey}.Capacity"/> so that a write
/// moves a few KiB at most. Not synchronised.
/// </summary>
/// <param name="isScalar">An ordinal stands under one key at most.</param>
internal sealed class SortedIndex<TKey>(bool isScalar = false)
    where TKey : struct, IComparable<TKey>
{
    // A run built in bulk keeps room for later inserts.
    private const int BulkFill = SortedRun<TKey>.Capacity * 3 / 4;

    // A range of fewer entries in so many ordinals is read out of the runs.
    private const int OrdinalsPerEntry = 128;

    // Never holds an empty run.
    private readonly List<SortedRun<TKey>> _runs = [];
    private readonly BucketColumn<TKey>? _buckets = isScalar ? new BucketColumn<TKey>() : null;

    public int Count { get; private set; }

    public long MemoryBytes => 64 + (_runs.Count * (8L + 96 + (SortedRun<TKey>.Capacity * ((long)Unsafe.SizeOf<TKey>() + sizeof(uint))))) + (_buckets?.MemoryBytes ?? 0);

    /// <summary>The order of entries: by key, then by ordinal.</summary>
    public static int Compare(TKey key, uint ordinal, TKey otherKey, uint otherOrdinal)
    {
        int byKey = key.CompareTo(otherKey);
        return byKey != 0 ? byKey : ordinal.CompareTo(otherOrdinal);
    }

    /// <summary>Replaces the content; sorts both spans. Duplicate entries are kept once.</summary>
    public void Load(Span<TKey> keys, Span<uint> ordinals)
    {
        _runs.Clear();
        Count = 0;
        keys.Sort(ordinals);
        SortedRun<TKey>? run = null;
        for (int start = 0; start < keys.Length;)
        {
            int end = start + 1;
            while (end < keys.Length && keys[end].CompareTo(keys[start]) == 0)
            {
                end++;
            }

            ordinals[start..end].Sort();
            for (int i = start; i < end; i++)
            {
                if (i > start && ordinals[i] == ordinals[i - 1])
                {
                    continue;
                }

                if (run is null || run.Count == BulkFill)
                {
                    run = new SortedRun<TKey>();
                    _runs.Add(run);
                }

                run.Append(keys[start], ordinals[i]);
                Count++;
            }

            start = end;
        }

        _buckets?.Forget();
        MakeBucketsIfDue();
    }

    /// <summary>False when the entry is there already.</summary>
    public bool Add(TKey key, uint ordinal)
    {
        if (_runs.Count == 0)
        {
            _runs.Add(new SortedRun<TKey>());
        }

        int at = Math.Min(FindRun(key, ordinal), _runs.Count - 1);
        SortedRun<TKey> run = _runs[at];
        int position = run.LowerBound(key, ordinal);
        if (run.Holds(position, key, ordinal))
        {
            return false;
        }

        if (run.Count == SortedRun<TKey>.Capacity)
        {
            SortedRun<TKey> upper = run.Split();
            _runs.Insert(at + 1, upper);
            if (position > run.Count)
            {
                position -= run.Count;
                run = upper;
            }
        }

        run.Insert(position, key, ordinal);
        Count++;
        _buckets?.Set(ordinal, key);
        MakeBucketsIfDue();
        return true;
    }

    /// <summary>False when there is no such entry.</summary>
    public bool Remove(TKey key, uint ordinal)
    {
        int at = FindRun(key, ordinal);
        if (at == _runs.Count)
        {
            return false;
        }

        SortedRun<TKey> run = _runs[at];
        int position = run.LowerBound(key, ordinal);
        if (!run.Holds(position, key, ordinal))
        {
            return false;
        }

        run.RemoveAt(position);
        Count--;
        _buckets?.Clear(ordinal);
        Merge(at);
        return true;
    }

    /// <summary>Entries with <c>low &lt;= key &lt;= high</c>; takes two binary searches and a pass over the runs between.</summary>
    public int CountRange(TKey low, TKey high)
    {
        if (low.CompareTo(high) > 0)
        {
            return 0;
        }

        Position start = Seek(low, 0);
        Position end = SeekAfter(high);
        if (start.Run == end.Run)
        {
            return end.Offset - start.Offset;
        }

        int count = end.Offset - start.Offset;
        for (int i = start.Run; i < end.Run; i++)
        {
            count += _runs[i].Count;
        }

        return count;
    }

    /// <summary>Adds the ordinals with <c>low &lt;= key &lt;= high</c> that are below the bitmap's length.</summary>
    public void AddRangeTo(TKey low, TKey high, OrdinalBitmap bitmap)
    {
        if (low.CompareTo(high) > 0)
        {
            return;
        }

        Position start = Seek(low, 0);
        Position end = SeekAfter(high);
        if (_buckets is not { IsMade: true }
            || ((long)(end.Run - start.Run) * BulkFill * OrdinalsPerEntry) < bitmap.Length
            || !_buckets.TryCover(low, high, start == default, end == End, out byte first, out byte last, out TKey from, out TKey to))
        {
            AddBetween(start, end, bitmap);
            return;
        }

        _buckets.AddTo(first, last, bitmap);
        if (start != default)
        {
            AddBetween(start, Seek(from, 0), bitmap);
        }

        if (end != End)
        {
            AddBetween(Seek(to, 0), end, bitmap);
        }
    }

    /// <summary>The place before the first entry that is not less than the pair.</summary>
    public Position Seek(TKey key, uint ordinal)
    {
        int at = FindRun(key, ordinal);
        return new Position(at, at == _runs.Count ? 0 : _runs[at].LowerBound(key, ordinal));
    }

    /// <summary>The place before the first entry of a greater key.</summary>
    public Position SeekAfter(TKey key)
    {
        Position position = Seek(key, uint.MaxValue);
        return TryRead(position, out TKey found, out _) && found.CompareTo(key) == 0 ? Normalise(position.Run, position.Offset + 1) : position;
    }

    /// <summary>The place after the last entry; the default place is the one before the first.</summary>
    public Position End => new(_runs.Count, 0);

    /// <summary>Steps over the entry after the place; false at the end. Writes make places stale.</summary>
    public bool MoveNext(ref Position position, out TKey key, out uint ordinal)
    {
        if (!TryRead(position, out key, out ordinal))
        {
            return false;
        }

        position = Normalise(position.Run, position.Offset + 1);
        return true;
    }

    /// <summary>Steps back over the entry before the place; false at the start. Writes make places stale.</summary>
    public bool MovePrevious(ref Position position, out TKey key, out uint ordinal)
    {
        if (position.Offset > 0)
        {
            position = new Position(position.Run, position.Offset - 1);
        }
        else if (position.Run > 0)
        {
            position = new Position(position.Run - 1, _runs[position.Run - 1].Count - 1);
        }
        else
        {
            key = default;
            ordinal = 0;
            return false;
        }

        return TryRead(position, out key, out ordinal);
    }

    private void AddBetween(Position start, Position end, OrdinalBitmap bitmap)
    {
        Span<ulong> words = bitmap.Words;
        uint length = (uint)bitmap.Length;
        for (int i = start.Run; i <= end.Run && i < _runs.Count; i++)
        {
            int first = i == start.Run ? start.Offset : 0;
            int last = i == end.Run ? end.Offset : _runs[i].Count;
            foreach (uint ordinal in _runs[i].Ordinals.AsSpan(first, last - first))
            {
                if (ordinal < length)
                {
                    words[(int)(ordinal >> 6)] |= 1UL << (int)(ordinal & 63);
                }
            }
        }
    }

    private void MakeBucketsIfDue()
    {
        if (_buckets is null || !_buckets.IsDue(Count))
        {
            return;
        }

        BucketColumn<TKey>.Maker maker = _buckets.Make(Count);
        foreach (SortedRun<TKey> run in _runs)
        {
            for (int i = 0; i < run.Count; i++)
            {
                maker.Append(run.Keys[i], run.Ordinals[i]);
            }
        }

        maker.End();
    }

    private bool TryRead(Position position, out TKey key, out uint ordinal)
    {
        if (position.Run >= _runs.Count)
        {
            key = default;
            ordinal = 0;
            return false;
        }

        key = _runs[position.Run].Keys[position.Offset];
        ordinal = _runs[position.Run].Ordinals[position.Offset];
        return true;
    }

    private Position Normalise(int run, int offset) => offset < _runs[run].Count ? new Position(run, offset) : new Position(run + 1, 0);

    /// <summary>The first run whose last entry is not less than the pair; the number of runs when there is none.</summary>
    private int FindRun(TKey key, uint ordinal)
    {
        int low = 0;
        int high = _runs.Count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            SortedRun<TKey> run = _runs[middle];
            int last = run.Count - 1;
            if (last >= 0 && Compare(run.Keys[last], run.Ordinals[last], key, ordinal) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private void Merge(int at)
    {
        if (_runs[at].Count == 0)
        {
            _runs.RemoveAt(at);
            return;
        }

        if (_runs[at].Count > SortedRun<TKey>.Capacity / 4)
        {
            return;
        }

        int left = at > 0 ? at - 1 : at;
        if (left + 1 < _runs.Count && _runs[left].Count + _runs[left + 1].Count <= BulkFill)
        {
            _runs[left].Absorb(_runs[left + 1]);
            _runs.RemoveAt(left + 1);
        }
    }

    /// <summary>A place between entries: before the entry at the offset of the run.</summary>
    public readonly record struct Position(int Run, int Offset);
}
