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

    // Long vectors have fewer and are sampled less: the memory of this is nobody's budget.
    private const int MaxCentreBytes = 16 << 20;
    private const int MaxSampleBytes = 64 << 20;

    // What is done under one rented scratch, which sweeps wait for: slots that are looked at, and bytes that are compared.
    private const uint MaxSlice = 4096;
    private const long MaxSliceBytes = 1L << 31;

    private const int BlocksBetweenCancellationChecks = 256;

    private readonly int _length = store.CodeLength;
    private readonly AlignedBuffer<byte> _block = new();
    private readonly AlignedBuffer<byte> _query = new();
    private readonly float[] _nearest = new float[QueryBlock.Lanes];
    private readonly int[] _parts = new int[QueryBlock.Lanes];

    // The division whose points stay where they are; null where all are divided anew.
    private Partitions? _before;

    /// <summary>Whether the division that was begun has other centres than the one before.</summary>
    public bool HasNewCentres => _before is null;

    /// <summary>A division with no points in it yet. Of the same centres as before until there are twice as many points, or half.</summary>
    public Partitions Begin(Partitions? before)
    {
        int live = store.LiveCount;
        if (before is not null && live <= 2 * before.TrainedFor && live >= before.TrainedFor / 2)
        {
            _before = before;
            var next = new Partitions(before.Count, _length, store.SlotCount) { TrainedFor = before.TrainedFor };
            next.Continue(before);
            return next;
        }

        int count = (int)Math.Min(PartsPerRoot * Math.Sqrt(live), Math.Min(MaxParts, MaxCentreBytes / _length));
        return new Partitions(Math.Max(1, count / RowGroup.Count) * RowGroup.Count, _length, store.SlotCount) { TrainedFor = live };
    }

    /// <summary>
    /// Puts every live point into a part. The division is one that writers know already, so that they tell it whose slot is used again. False
    /// where the graph is gone, or has fewer points than parts.
    /// </summary>
    public bool Fill(Partitions partitions)
    {
        if (HasNewCentres && !TryTrain(partitions.Centres))
        {
            return false;
        }

        uint slice = (uint)Math.Clamp(MaxSliceBytes / ((long)partitions.Count * _length), QueryBlock.Lanes, MaxSlice);
        for (uint first = 0; first < partitions.SlotCount; first += slice)
        {
            cancellation.ThrowIfCancellationRequested();
            using ScratchPool.Scope scope = scratches.Rent();
            if (isGone())
            {
                return false;
            }

            FillSlice(partitions, first, Math.Min(partitions.SlotCount, first + slice));
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
            FindNearest(partitions.Centres, rows, count);
            for (int i = 0; i < count; i++)
            {
                partitions.Assign(ordinals[i], _parts[i], _nearest[i] - store.Origin);
            }
        }
    }

    private bool TryTrain(PartitionCentres centres)
    {
        long wanted = Math.Max(centres.Count, Math.Min((long)centres.Count * SampledPerPart, MaxSampleBytes / _length));
        byte[] sample = Sample((int)wanted, out int points);
        if (points < centres.Count)
        {
            return false;
        }

        float[] sums = new float[centres.Count * _length];
        fixed (byte* codes = sample)
        {
            for (int part = 0; part < centres.Count; part++)
            {
                // From all over the sample, which is in the order in which points came.
                byte* row = codes + ((long)part * points / centres.Count * _length);
                new ReadOnlySpan<byte>(row, _length).CopyTo(new Span<byte>(centres.Code(part), _length));
            }

            for (int round = 0; round < Rounds; round++)
            {
                if (!TryImprove(centres, codes, points, sums))
                {
                    return false;
                }
            }
        }

        return true;
    }

    // Codes of live points, one after another: every so manieth.
    private byte[] Sample(int wanted, out int taken)
    {
        int step = Math.Max(1, store.LiveCount / wanted);
        byte[] sample = new byte[wanted * _length];
        taken = 0;
        int live = 0;
        uint slotCount = store.SlotCount;
        for (uint first = 0; first < slotCount && taken < wanted; first += MaxSlice)
        {
            cancellation.ThrowIfCancellationRequested();
            using ScratchPool.Scope scope = scratches.Rent();
            if (isGone())
            {
                taken = 0;
                return sample;
            }

            for (uint ordinal = first; ordinal < Math.Min(slotCount, first + MaxSlice) && taken < wanted; ordinal++)
            {
                if (store.IsLive(ordinal) && live++ % step == 0)
                {
                    new ReadOnlySpan<byte>(store.Code(ordinal), _length).CopyTo(sample.AsSpan(taken++ * _length));
                }
            }
        }

        return sample;
    }

    // Each centre becomes the mean of the points that are nearest to it; one that has none stays. False where the graph is gone.
    private bool TryImprove(PartitionCentres centres, byte* codes, int points, float[] sums)
    {
        Array.Clear(sums);
        int[] counts = new int[centres.Count];
        byte** rows = stackalloc byte*[QueryBlock.Lanes];
        for (int first = 0; first < points; first += QueryBlock.Lanes)
        {
            if (first % (BlocksBetweenCancellationChecks * QueryBlock.Lanes) == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                if (isGone())
                {
                    return false;
                }
            }

            int count = Math.Min(QueryBlock.Lanes, points - first);
            for (int i = 0; i < count; i++)
            {
                rows[i] = codes + ((long)(first + i) * _length);
            }

            FindNearest(centres, rows, count);
            for (int i = 0; i < count; i++)
            {
                counts[_parts[i]]++;
                CodeKernel.AddTo(rows[i], sums.AsSpan(_parts[i] * _length, _length));
            }
        }

        for (int part = 0; part < centres.Count; part++)
        {
            if (counts[part] > 0)
            {
                Span<float> mean = sums.AsSpan(part * _length, _length);
                TensorPrimitives.Divide(mean, counts[part], mean);
                CodeKernel.Encode(mean, store.Parameters.Distance, centres.Code(part), _length);
            }
        }

        return true;
    }

    // The nearest centre of each of up to sixteen rows of codes, and its distance.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindNearest(PartitionCentres centres, byte** rows, int count)
    {
        const int Half = QueryBlock.Lanes / 2;
        _block.EnsureLength(QueryBlock.Bytes(_length));
        for (int i = 0; i < count; i++)
        {
            QueryBlock.Set(_block.Pointer, i, CodeRows.QueryOf(store, rows[i], _query), _length);
        }

        float* distances = stackalloc float[RowGroup.Count * QueryBlock.Lanes];
        Vector256<float> lower = Vector256.Create(float.PositiveInfinity);
        Vector256<float> upper = lower;
        Vector256<int> lowerPart = default;
        Vector256<int> upperPart = default;
        for (int part = 0; part < centres.Count; part += RowGroup.Count)
        {
            RowGroup group = centres.Group(part);
            QueryBlock.SetCodeTerms(_block.Pointer, &group, _length);
            QueryBlock.CodeDistances(_block.Pointer, &group, _length, distances);
            for (int row = 0; row < RowGroup.Count; row++)
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
