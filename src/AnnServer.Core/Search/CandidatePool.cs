using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Search;

/// <summary>
/// The best candidates seen, nearest first, in flat sorted arrays of fixed capacity that also serve as the queue of nodes to
/// expand: a node is expanded in order of distance, and the walk ends when every node in the pool has been. Where a candidate
/// belongs is found by comparing with all, sixteen at a time, and the rest moves up: at the sizes that searches use this beats
/// a binary search, whose branches are coin tosses, and two binary heaps.
/// </summary>
internal sealed unsafe class CandidatePool
{
    // Ordinals are below 2^31, so the top bit can say that the node has been expanded.
    private const uint ExpandedBit = 0x8000_0000;

    private const int Lanes = 16;

    // A larger range is halved first.
    private const int MaxScanned = 256;

    private readonly AlignedBuffer<float> _distanceBuffer = new();
    private readonly AlignedBuffer<uint> _tagBuffer = new();

    // Nearest first. At and beyond Count lie distances no smaller than any in the pool.
    private float* _distances;
    private uint* _tags;
    private int _capacity;
    private int _cursor;

    public int Count { get; private set; }

    /// <summary>Distance that a candidate must beat to enter.</summary>
    public float Worst { get; private set; }

    public Candidate this[int index] => new(_distances[index], _tags[index] & ~ExpandedBit);

    /// <param name="worst">Distances that are not smaller are refused by who asks <see cref="Worst"/> before.</param>
    public void Reset(int capacity, float worst = float.PositiveInfinity)
    {
        Debug.Assert(capacity > 0, "A pool holds at least one candidate.");
        // Whole vectors are read and moved: one more than the capacity takes, and one for what is moved out.
        int length = ((capacity / Lanes) + 3) * Lanes;
        _distanceBuffer.EnsureLength(length);
        _tagBuffer.EnsureLength(length);
        _distances = _distanceBuffer.Pointer;
        _tags = _tagBuffer.Pointer;
        new Span<float>(_distances, length).Fill(float.PositiveInfinity);
        _capacity = capacity;
        _cursor = 0;
        Count = 0;
        Worst = worst;
    }

    /// <summary>How many are nearer than a distance.</summary>
    public int CountNearer(float distance)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (_distances[middle] < distance)
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

    /// <summary>
    /// Adds a candidate unless the pool is full of nearer ones or the distance is NaN. Equal distances keep the order they came in.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Insert(float distance, uint ordinal)
    {
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

        int at = Math.Min(CountUpTo(distance, count), count);
        MoveUp(_distances, at, count);
        MoveUp((float*)_tags, at, count);
        _distances[at] = distance;
        _tags[at] = ordinal;
        Count = count + 1;
        if (Count == _capacity)
        {
            Worst = _distances[_capacity - 1];
        }

        if (at < _cursor)
        {
            _cursor = at;
        }
    }

    /// <summary>Takes the nearest node that has not been expanded, if it is not farther than <paramref name="reach"/>.</summary>
    public bool TryExpand(float reach, out uint ordinal)
    {
        uint* tags = _tags;
        int cursor = _cursor;
        int count = Count;
        while (cursor < count)
        {
            uint tag = tags[cursor];
            if ((tag & ExpandedBit) == 0)
            {
                if (_distances[cursor] > reach)
                {
                    break;
                }

                tags[cursor] = tag | ExpandedBit;
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

    /// <summary>How many of the first <paramref name="count"/> distances are not greater; may count some beyond if the distance is infinite.</summary>
    private int CountUpTo(float distance, int count)
    {
        float* distances = _distances;
        int low = 0;
        int high = count;
        while (high - low > MaxScanned)
        {
            int middle = (low + high) >> 1;
            if (distances[middle] <= distance)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (Vector512.IsHardwareAccelerated)
        {
            var sought = Vector512.Create(distance);
            int smaller = low;
            for (int i = low; i < high; i += Lanes)
            {
                smaller += BitOperations.PopCount(Vector512.LessThanOrEqual(Vector512.Load(distances + i), sought).ExtractMostSignificantBits());
            }

            return smaller;
        }

        while (low < high && distances[low] <= distance)
        {
            low++;
        }

        return low;
    }

    /// <summary>Moves the elements from <paramref name="at"/> to <paramref name="end"/> - 1, and perhaps some after them, up by one.</summary>
    private static void MoveUp(float* elements, int at, int end)
    {
        if (!Vector512.IsHardwareAccelerated)
        {
            long bytes = (long)(end - at) * sizeof(float);
            Buffer.MemoryCopy(elements + at, elements + at + 1, bytes, bytes);
            return;
        }

        var lowest = Vector512.Load(elements + at);
        for (int i = end - Lanes; i > at; i -= Lanes)
        {
            Vector512.Load(elements + i).Store(elements + i + 1);
        }

        lowest.Store(elements + at + 1);
    }
}
