using AnnServer.Core.Filtering;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <summary>
/// What a filter leaves, in the order of the parts that it lies in: a search then looks at nothing but that. Read by any thread for as long as
/// the filter leaves the same.
/// </summary>
public sealed unsafe class PartitionedMatches
{
    private readonly AlignedBuffer<uint> _ordinals = new();
    private readonly int[] _starts;

    internal PartitionedMatches(Partitions partitions, OrdinalBitmap matches)
    {
        Partitions = partitions;
        // One more for those outside, and one for where the last ends.
        _starts = new int[partitions.Count + 2];
        foreach (uint ordinal in matches)
        {
            _starts[partitions.PartOf(ordinal) + 1]++;
        }

        for (int i = 1; i < _starts.Length; i++)
        {
            _starts[i] += _starts[i - 1];
        }

        _ordinals.EnsureLength(_starts[^1]);
        int[] next = [.. _starts];
        foreach (uint ordinal in matches)
        {
            // Of none that has left meanwhile: a slot that matches is not given to another while this is made.
            _ordinals.Pointer[next[partitions.PartOf(ordinal)]++] = ordinal;
        }
    }

    public long MemoryBytes => _ordinals.MemoryBytes + ((long)_starts.Length * sizeof(int));

    internal Partitions Partitions { get; }

    /// <summary>The matches of a part; of those outside for the part after the last.</summary>
    internal uint* Of(int part, out int count)
    {
        count = _starts[part + 1] - _starts[part];
        return _ordinals.Pointer + _starts[part];
    }
}
