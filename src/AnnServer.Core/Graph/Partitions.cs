using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <summary>
/// The points in parts, each with the nearest of some centres: an inverted file (Jégou et al., Product quantization for nearest neighbor
/// search, PAMI 2011). A filter does not change where its points lie, so that what it leaves near a query is in the parts near the query,
/// however little it leaves.
/// <para>
/// Made at one time (<see cref="PartitionBuilder"/>) and read by any thread; who was not there then, or whose slot has been given to another
/// since, is <b>outside</b>, and every search looks there too. So nothing has to be moved when points come and go: until so many are outside
/// that a new division pays.
/// </para>
/// </summary>
internal sealed unsafe class Partitions
{
    private const ushort NoPart = ushort.MaxValue;

    private readonly AlignedBuffer<ushort> _partOf = new();
    private readonly AlignedBuffer<ulong> _outside = new();
    private readonly AlignedBuffer<uint> _members = new();
    private readonly AlignedBuffer<int> _starts = new();
    private readonly double[] _distanceSums;
    private readonly int[] _distanceCounts;
    private int _left;

    /// <param name="count">Of parts; a multiple of 4, below 65,536.</param>
    /// <param name="centreBytes">Of the codes of a centre.</param>
    /// <param name="slotCount">Slots there are; all of them are outside until <see cref="Assign"/>.</param>
    public Partitions(int count, int centreBytes, uint slotCount)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(count, NoPart);
        Centres = new PartitionCentres(count, centreBytes);
        SlotCount = slotCount;
        _partOf.EnsureLength((int)slotCount);
        new Span<ushort>(_partOf.Pointer, (int)slotCount).Fill(NoPart);
        _outside.EnsureLength(OutsideWords);
        new Span<ulong>(_outside.Pointer, OutsideWords).Fill(ulong.MaxValue);
        _starts.EnsureLength(count + 1);
        _distanceSums = new double[count];
        _distanceCounts = new int[count];
    }

    public PartitionCentres Centres { get; }

    public int Count => Centres.Count;

    /// <summary>Slots that may be in a part; those from here on are outside.</summary>
    public uint SlotCount { get; }

    /// <summary>Points that the centres were made for.</summary>
    public int TrainedFor { get; init; }

    /// <summary>Slots that points have been given since; as many may be outside.</summary>
    public int Left => Volatile.Read(ref _left);

    /// <summary>A bit for each slot below <see cref="SlotCount"/> that is outside; above it they are set too.</summary>
    public ulong* Outside => _outside.Pointer;

    public int OutsideWords => (int)((SlotCount + 63) >> 6);

    public long MemoryBytes => Centres.MemoryBytes + _partOf.MemoryBytes + _outside.MemoryBytes + _members.MemoryBytes + _starts.MemoryBytes
        + ((long)Count * (sizeof(double) + sizeof(int)));

    /// <summary>The ordinals of a part in ascending order, some of which may be outside.</summary>
    public uint* Members(int part, out int count)
    {
        int* starts = _starts.Pointer;
        count = starts[part + 1] - starts[part];
        return _members.Pointer + starts[part];
    }

    /// <summary>The part that a slot is in; <see cref="Count"/> for one outside.</summary>
    public int PartOf(uint ordinal) => IsOutside(ordinal) ? Count : _partOf.Pointer[ordinal];

    /// <summary>The part that a slot below <see cref="SlotCount"/> is in, or was in before it left.</summary>
    public int PartBefore(uint ordinal) => _partOf.Pointer[ordinal];

    /// <summary>A bit for each of 64 slots that is outside.</summary>
    public ulong OutsideOf(int word) => word < OutsideWords ? Volatile.Read(ref _outside.Pointer[word]) : ulong.MaxValue;

    public bool IsOutside(uint ordinal) =>
        ordinal >= SlotCount || (Volatile.Read(ref _outside.Pointer[ordinal >> 6]) >> (int)(ordinal & 63) & 1) != 0;

    /// <summary>Takes a slot out of its part, before another vector is written there. Any thread.</summary>
    public void Leave(uint ordinal)
    {
        Interlocked.Increment(ref _left);
        if (ordinal < SlotCount)
        {
            Interlocked.Or(ref _outside.Pointer[ordinal >> 6], 1UL << (int)(ordinal & 63));
        }
    }

    /// <summary>Puts a live slot into a part, under a scratch rented after <see cref="Leave"/> could be called. One thread.</summary>
    public void Assign(uint ordinal, int part, float distance)
    {
        _distanceSums[part] += distance;
        _distanceCounts[part]++;
        Keep(ordinal, part);
    }

    /// <summary>Starts with the centres of another division, and the distances of those who were in its parts.</summary>
    public void Continue(Partitions before)
    {
        Centres.CopyCodes(before.Centres);
        before._distanceSums.CopyTo(_distanceSums, 0);
        before._distanceCounts.CopyTo(_distanceCounts, 0);
    }

    /// <summary>Puts a live slot into the part it had before, as <see cref="Assign"/> does.</summary>
    public void Keep(uint ordinal, int part)
    {
        _partOf.Pointer[ordinal] = (ushort)part;
        Interlocked.And(ref _outside.Pointer[ordinal >> 6], ~(1UL << (int)(ordinal & 63)));
    }

    /// <summary>Makes the lists of members, after the last has been assigned.</summary>
    public void Complete()
    {
        int* starts = _starts.Pointer;
        new Span<int>(starts, Count + 1).Clear();
        ushort* partOf = _partOf.Pointer;
        for (uint ordinal = 0; ordinal < SlotCount; ordinal++)
        {
            if (partOf[ordinal] != NoPart)
            {
                starts[partOf[ordinal] + 1]++;
            }
        }

        for (int part = 0; part < Count; part++)
        {
            Centres.Sizes[part] = starts[part + 1];
            starts[part + 1] += starts[part];
            Centres.Spreads[part] = _distanceCounts[part] == 0 ? 0 : (float)(_distanceSums[part] / _distanceCounts[part]);
        }

        _members.EnsureLength(starts[Count]);
        // Where the next of each part goes; afterwards where the part ends, which is where the one after it starts.
        for (uint ordinal = 0; ordinal < SlotCount; ordinal++)
        {
            if (partOf[ordinal] != NoPart)
            {
                _members.Pointer[starts[partOf[ordinal]]++] = ordinal;
            }
        }

        for (int part = Count; part > 0; part--)
        {
            starts[part] = starts[part - 1];
        }

        starts[0] = 0;
    }
}
