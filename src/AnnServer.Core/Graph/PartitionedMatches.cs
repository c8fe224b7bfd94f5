using AnnServer.Core.Filtering;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <summary>
/// What a filter leaves, in the order of the parts that it lies in: a search then looks at nothing but that. Read by any thread for as long as
/// the filter leaves the same, whether or not the points have been divided anew.
/// </summary>
public sealed unsafe class PartitionedMatches
{
    private readonly AlignedBuffer<uint> _ordinals = new();
    private readonly int[] _starts;

    /// <param name="matches">Live when a scratch was rented that still is.</param>
    internal PartitionedMatches(Partitions partitions, OrdinalBitmap matches)
    {
        Centres = partitions.Centres;
        // One more for those outside, and one for where the last ends.
        _starts = new int[partitions.Count + 2];
        int count = matches.Count();
        var parts = new ushort[count];
        int at = 0;
        foreach (uint ordinal in matches)
        {
            parts[at] = (ushort)partitions.PartOf(ordinal);
            _starts[parts[at++] + 1]++;
        }

        for (int i = 1; i < _starts.Length; i++)
        {
            _starts[i] += _starts[i - 1];
        }

        _ordinals.EnsureLength(count);
        int[] next = [.. _starts];
        at = 0;
        foreach (uint ordinal in matches)
        {
            _ordinals.Pointer[next[parts[at++]]++] = ordinal;
        }
    }

    /// <summary>Without the centres, which the index has anyway or had until lately.</summary>
    public long MemoryBytes => BytesFor(_starts[^1]) + ((long)_starts.Length * sizeof(int));

    internal PartitionCentres Centres { get; }

    /// <summary>Bytes of so many matches, about.</summary>
    public static long BytesFor(int matches) => (long)matches * sizeof(uint);

    /// <summary>The matches of a part; of those outside for the part after the last.</summary>
    internal uint* Of(int part, out int count)
    {
        count = _starts[part + 1] - _starts[part];
        return _ordinals.Pointer + _starts[part];
    }
}
