using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <summary>
/// Divides the points of a graph of 8-bit codes: centres by Lloyd's algorithm over a sample, then each point to the nearest. Sixteen points at
/// a time are compared with all centres, so that a million points take a few seconds of one processor.
/// </summary>
/// <param name="isGone">Whether the graph must not be read any more, under a rented scratch.</param>
internal sealed unsafe class PartitionBuilder(GraphStore store, ScratchPool scratches, Func<bool> isGone, CancellationToken cancellation)
{
    // So many parts times the root of the points: as many centres to compare with as there are members in the parts that matter.
    private const double PartsPerRoot = 1.2;
    private const int MaxParts = 8192;
    private const int SampledPerPart = 32;
    private const int Rounds = 4;

    // Slots that are looked at under one rented scratch.
    private const uint Slice = 4096;

    private readonly int _length = store.CodeLength;
    private readonly AlignedBuffer<byte> _block = new();
    private readonly AlignedBuffer<byte> _query = new();
    private readonly float[] _nearest = new float[QueryBlock.Lanes];
    private readonly int[] _parts = new int[QueryBlock.Lanes];

    // The division whose points stay where they are; null where all are divided anew.
    private Partitions? _before;

    /// <summary>A division with no points in it yet; null where there are none. Of the same centres as before until there are twice as many.</summary>
    public Partitions? Begin(Partitions? before)
    {
        int live = store.LiveCount;
        if (before is not null && live <= 2 * before.TrainedFor && live >= before.TrainedFor / 2)
        {
            var next = new Partitions(before.Count, _length, store.SlotCount) { TrainedFor = before.TrainedFor };
            next.Continue(before);
            _before = before;
            return next;
        }

        int count = Math.Min(MaxParts, Math.Max(1, (int)(PartsPerRoot * Math.Sqrt(live) / QueryBlock.Rows)) * QueryBlock.Rows);
        byte[] sample = Sample(count * SampledPerPart);
        if (sample.Length < count * _length)
        {
            return null;
        }

        var partitions = new Partitions(count, _length, store.SlotCount) { TrainedFor = live };
        Train(partitions, sample);
        return partitions;
    }

    /// <summary>
    /// Puts every live point into a part. The division is one that writers know already, so that they tell it whose slot is used again. False
    /// where the graph is gone.
    /// </summary>
    public bool Fill(Partitions partitions)
    {
        for (uint first = 0; first < partitions.SlotCount; first += Slice)
        {
            cancellation.ThrowIfCancellationRequested();
            using ScratchPool.Scope scope = scratches.Rent();
            if (isGone())
            {
                return false;
            }

            FillSlice(partitions, first, Math.Min(partitions.SlotCount, first + Slice));
        }

        partitions.Complete();
        return true;
    }

    private void FillSlice(Partitions partitions, uint first, uint end)
    {
        uint* ordinals = stackalloc uint[QueryBlock.Lanes];
        byte** rows = stackalloc byte*[QueryBlock.Lanes];
        int filled = 0;
        for (uint ordinal = first; ordinal < end; ordinal++)
        {
            if (!store.IsLive(ordinal))
            {
                continue;
            }

            if (_before is not null && !_before.IsOutside(ordinal))
            {
                partitions.Keep(ordinal, _before.PartOf(ordinal));
                continue;
            }

            ordinals[filled] = ordinal;
            rows[filled++] = store.Code(ordinal);
            if (filled == QueryBlock.Lanes)
            {
                Assign(filled);
                filled = 0;
            }
        }

        Assign(filled);

        void Assign(int count)
        {
            FindNearest(partitions, rows, count);
            for (int i = 0; i < count; i++)
            {
                partitions.Assign(ordinals[i], _parts[i], _nearest[i] - store.Origin);
            }
        }
    }

    // Codes of live points, one after another, chosen at random.
    private byte[] Sample(int wanted)
    {
        var random = new Random(1);
        int points = Math.Min(wanted, store.LiveCount);
        byte[] sample = new byte[(long)points * _length];
        int taken = 0;
        for (int tries = 0; taken < points && tries < 16 * wanted;)
        {
            cancellation.ThrowIfCancellationRequested();
            using ScratchPool.Scope scope = scratches.Rent();
            if (isGone())
            {
                return [];
            }

            for (uint i = 0; i < Slice && taken < points; i++, tries++)
            {
                uint ordinal = (uint)random.NextInt64(store.SlotCount);
                if (store.IsLive(ordinal))
                {
                    new ReadOnlySpan<byte>(store.Code(ordinal), _length).CopyTo(sample.AsSpan(taken * _length));
                    taken++;
                }
            }
        }

        return sample[..(taken * _length)];
    }

    private void Train(Partitions partitions, byte[] sample)
    {
        int points = sample.Length / _length;
        fixed (byte* codes = sample)
        {
            for (int part = 0; part < partitions.Count; part++)
            {
                new ReadOnlySpan<byte>(codes + ((long)part * _length), _length).CopyTo(new Span<byte>(partitions.Centre(part), _length));
            }

            for (int round = 0; round < Rounds; round++)
            {
                cancellation.ThrowIfCancellationRequested();
                Improve(partitions, codes, points);
            }
        }
    }

    // Each centre becomes the mean of the points that are nearest to it; one that has none stays.
    private void Improve(Partitions partitions, byte* codes, int points)
    {
        float[] sums = new float[partitions.Count * _length];
        int[] counts = new int[partitions.Count];
        byte** rows = stackalloc byte*[QueryBlock.Lanes];
        for (int first = 0; first < points; first += QueryBlock.Lanes)
        {
            int count = Math.Min(QueryBlock.Lanes, points - first);
            for (int i = 0; i < count; i++)
            {
                rows[i] = codes + ((long)(first + i) * _length);
            }

            FindNearest(partitions, rows, count);
            for (int i = 0; i < count; i++)
            {
                counts[_parts[i]]++;
                CodeKernel.AddTo(rows[i], sums.AsSpan(_parts[i] * _length, _length));
            }
        }

        for (int part = 0; part < partitions.Count; part++)
        {
            if (counts[part] > 0)
            {
                Span<float> mean = sums.AsSpan(part * _length, _length);
                TensorPrimitives.Divide(mean, counts[part], mean);
                CodeKernel.Encode(mean, store.Parameters.Distance, partitions.Centre(part), _length);
            }
        }
    }

    // The nearest centre of each of up to sixteen rows of codes, and its distance.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindNearest(Partitions partitions, byte** rows, int count)
    {
        const int Half = QueryBlock.Lanes / 2;
        _block.EnsureLength(QueryBlock.Bytes(_length));
        for (int i = 0; i < count; i++)
        {
            QueryBlock.Set(_block.Pointer, i, CodeRows.QueryOf(store, rows[i], _query), _length);
        }

        float* distances = stackalloc float[QueryBlock.Rows * QueryBlock.Lanes];
        Vector256<float> lower = Vector256.Create(float.PositiveInfinity);
        Vector256<float> upper = lower;
        Vector256<int> lowerPart = default;
        Vector256<int> upperPart = default;
        for (int part = 0; part < partitions.Count; part += QueryBlock.Rows)
        {
            QueryBlock.CodeDistances(
                _block.Pointer,
                partitions.Centre(part),
                partitions.Centre(part + 1),
                partitions.Centre(part + 2),
                partitions.Centre(part + 3),
                _length,
                distances);
            for (int row = 0; row < QueryBlock.Rows; row++)
            {
                Nearer(Vector256.Load(distances + (row * QueryBlock.Lanes)), part + row, ref lower, ref lowerPart);
                Nearer(Vector256.Load(distances + (row * QueryBlock.Lanes) + Half), part + row, ref upper, ref upperPart);
            }
        }

        lower.CopyTo(_nearest);
        upper.CopyTo(_nearest, Half);
        lowerPart.CopyTo(_parts);
        upperPart.CopyTo(_parts, Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Nearer(Vector256<float> distances, int part, ref Vector256<float> nearest, ref Vector256<int> parts)
    {
        Vector256<float> isNearer = Vector256.LessThan(distances, nearest);
        nearest = Vector256.ConditionalSelect(isNearer, distances, nearest);
        parts = Vector256.ConditionalSelect(isNearer.AsInt32(), Vector256.Create(part), parts);
    }
}
