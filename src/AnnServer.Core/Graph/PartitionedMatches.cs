using System.Buffers;
using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
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
        _ordinals.EnsureLength(count);
        ushort[] parts = ArrayPool<ushort>.Shared.Rent(count);
        fixed (ushort* partOf = parts)
        fixed (ulong* words = matches.Words)
        fixed (int* starts = _starts)
        {
            var accepted = new OrdinalWords(words, matches.Words.Length);
            // Where the next of each part goes; afterwards where the part ends, which is where the one after it starts.
            Find(partitions, accepted, partOf, starts + 1);
            for (int part = 1; part < _starts.Length; part++)
            {
                starts[part] += starts[part - 1];
            }

            Debug.Assert(starts[partitions.Count + 1] == count, "As many have a part, or none, as match.");

            Place(accepted, partOf, starts, _ordinals.Pointer);
            for (int part = _starts.Length - 1; part > 0; part--)
            {
                starts[part] = starts[part - 1];
            }

            starts[0] = 0;
        }

        ArrayPool<ushort>.Shared.Return(parts);
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

    // The part of each match, in ascending order, and how many each has. Looked up once, so that both passes agree whatever becomes of a slot.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Find(Partitions partitions, OrdinalWords matches, ushort* parts, int* counts)
    {
        for (int word = 0; word < matches.WordCount; word++)
        {
            ulong outside = partitions.OutsideOf(word);
            uint first = (uint)word << 6;
            for (ulong rest = matches.Word(word); rest != 0; rest &= rest - 1)
            {
                int bit = BitOperations.TrailingZeroCount(rest);
                int part = (outside >> bit & 1) == 0 ? partitions.PartBefore(first + (uint)bit) : partitions.Count;
                *parts++ = (ushort)part;
                counts[part]++;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Place(OrdinalWords matches, ushort* parts, int* next, uint* ordinals)
    {
        for (int word = 0; word < matches.WordCount; word++)
        {
            uint first = (uint)word << 6;
            for (ulong rest = matches.Word(word); rest != 0; rest &= rest - 1)
            {
                ordinals[next[*parts++]++] = first + (uint)BitOperations.TrailingZeroCount(rest);
            }
        }
    }
}
