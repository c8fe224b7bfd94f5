namespace AnnServer.Core.Search;

/// <summary>A binary min-heap of nodes by distance, each packed into one integer. Grows; owned by one thread.</summary>
internal sealed class CandidateHeap
{
    private ulong[] _items = new ulong[256];

    public int Count { get; private set; }

    public void Clear() => Count = 0;

    public void Push(float distance, uint ordinal)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count * 2);
        }

        ulong[] items = _items;
        ulong item = ((ulong)SortableBits(distance) << 32) | ordinal;
        int hole = Count++;
        while (hole > 0)
        {
            int parent = (hole - 1) >> 1;
            if (items[parent] <= item)
            {
                break;
            }

            items[hole] = items[parent];
            hole = parent;
        }

        items[hole] = item;
    }

    public Candidate Pop()
    {
        ulong[] items = _items;
        ulong top = items[0];
        ulong last = items[--Count];
        int hole = 0;
        for (int child = 1; child < Count; child = (2 * hole) + 1)
        {
            if (child + 1 < Count && items[child + 1] < items[child])
            {
                child++;
            }

            if (last <= items[child])
            {
                break;
            }

            items[hole] = items[child];
            hole = child;
        }

        items[hole] = last;
        return new Candidate(FromSortableBits((uint)(top >> 32)), (uint)top);
    }

    // Orders floats as unsigned integers: negative numbers have every bit flipped, the others only the sign.
    private static uint SortableBits(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
    }

    private static float FromSortableBits(uint bits) =>
        BitConverter.UInt32BitsToSingle((bits & 0x8000_0000) != 0 ? bits & 0x7FFF_FFFF : ~bits);
}
