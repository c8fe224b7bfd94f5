using System.Diagnostics;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Search;

/// <summary>
/// The best candidates seen, nearest first, in one flat sorted array of fixed capacity that also serves as the queue of nodes
/// to expand: a node is expanded in order of distance, and the walk ends when every node in the pool has been. Inserting is a
/// binary search and one memory move of at most a few cache lines, which beats two binary heaps at the sizes that searches use.
/// </summary>
internal sealed unsafe class CandidatePool
{
    // Ordinals are below 2^31, so the top bit can say that the node has been expanded.
    private const uint ExpandedBit = 0x8000_0000;

    private readonly AlignedBuffer<Entry> _buffer = new();
    private Entry* _entries;
    private int _capacity;
    private int _cursor;

    public int Count { get; private set; }

    public bool IsFull => Count == _capacity;

    /// <summary>Distance that a candidate must beat to enter.</summary>
    public float Worst { get; private set; }

    public Candidate this[int index] => new(_entries[index].Distance, _entries[index].Tag & ~ExpandedBit);

    public void Reset(int capacity)
    {
        Debug.Assert(capacity > 0, "A pool holds at least one candidate.");
        _buffer.EnsureLength(capacity);
        _entries = _buffer.Pointer;
        _capacity = capacity;
        _cursor = 0;
        Count = 0;
        Worst = float.PositiveInfinity;
    }

    /// <summary>
    /// Adds a candidate unless the pool is full of nearer ones or the distance is NaN. Equal distances keep the order they came in.
    /// </summary>
    public void Insert(float distance, uint ordinal)
    {
        Entry* entries = _entries;
        int count = Count;
        if (count == _capacity)
        {
            // Not "distance >= Worst": NaN must not enter here either.
            if (!(distance < Worst))
            {
                return;
            }

            count--;
        }
        else if (float.IsNaN(distance))
        {
            return;
        }

        int low = 0;
        int high = count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (entries[middle].Distance <= distance)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        long moved = (long)(count - low) * sizeof(Entry);
        Buffer.MemoryCopy(entries + low, entries + low + 1, moved, moved);
        entries[low] = new Entry(distance, ordinal);
        Count = count + 1;
        if (Count == _capacity)
        {
            Worst = entries[_capacity - 1].Distance;
        }

        if (low < _cursor)
        {
            _cursor = low;
        }
    }

    /// <summary>Takes the nearest node that has not been expanded.</summary>
    public bool TryExpand(out uint ordinal)
    {
        Entry* entries = _entries;
        int cursor = _cursor;
        int count = Count;
        while (cursor < count)
        {
            uint tag = entries[cursor].Tag;
            if ((tag & ExpandedBit) == 0)
            {
                entries[cursor].Tag = tag | ExpandedBit;
                _cursor = cursor + 1;
                ordinal = tag;
                return true;
            }

            cursor++;
        }

        _cursor = cursor;
        ordinal = 0;
        return false;
    }

    /// <summary>The node that <see cref="TryExpand"/> is likely to give next, or false. Only a hint for prefetching.</summary>
    public bool TryPeek(out uint ordinal)
    {
        int cursor = _cursor;
        ordinal = cursor < Count ? _entries[cursor].Tag & ~ExpandedBit : 0;
        return cursor < Count;
    }

    private struct Entry(float distance, uint tag)
    {
        public readonly float Distance = distance;
        public uint Tag = tag;
    }
}
