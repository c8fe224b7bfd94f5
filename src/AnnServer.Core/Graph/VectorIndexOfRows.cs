using System.Diagnostics;
using System.Runtime.InteropServices;
using AnnServer.Core.Filtering;
using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <summary>
/// The index closed over the rows that its graph is walked on and over those of its vectors: one virtual call a search leads here,
/// and below it everything is inlined. Where the two differ, a walk's best candidates are ordered anew by their vectors.
/// </summary>
internal sealed unsafe class VectorIndex<TRows, TVectors>(GraphParameters parameters, VectorsOnDisk? disk) : VectorIndex(parameters, disk)
    where TRows : struct, IRowSpace
    where TVectors : struct, IRowSpace
{
    private const int RerankStep = 4;

    // Of vectors on disk, where the wait for one is as long as that for several that are read together.
    private const int DiskStep = 16;
    private const int MostAtOnce = 64;

    // So many more than are wanted are compared at least: errors to take for the rule, and results for those who drop some.
    private const int LeastReranked = 8;

    public override void Plan(uint ordinal, ReadOnlySpan<float> vector, SearchScratch scratch)
    {
        Store.WriteVector(ordinal, vector, scratch.Vector);
        HnswBuilder<TRows>.Plan(Store, ordinal, Recent, scratch);
    }

    public override void Commit(SearchScratch scratch)
    {
        // Before it is linked, so that a reader who meets it can return it.
        Store.SetLive(scratch.Plan.Ordinal, true);
        HnswBuilder<TRows>.Commit(Store, Recent, scratch);
    }

    public override bool Search(
        ReadOnlySpan<float> query, SearchEffort effort, OrdinalBitmap? accept, SearchScratch scratch, CancellationToken cancellation)
    {
        if (!HnswSearcher<TRows>.TryBegin(Store, scratch, out uint entry, out int entryLayer))
        {
            scratch.Accepted.Reset(1);
            scratch.Results = scratch.Accepted;
            return true;
        }

        byte* row = TRows.Query(Store, query, scratch.WalkQuery);
        WalkLimits limits = Limits(effort);
        FilteredWalk outcome;
        if (accept is null)
        {
            Candidate start = HnswSearcher<TRows>.Descend(Store, row, entry, entryLayer, 0, scratch);
            outcome = HnswSearcher<TRows>.SearchLive(Store, row, start, 0, limits, scratch, cancellation);
        }
        else
        {
            fixed (ulong* words = accept.Words)
            {
                var accepted = new OrdinalWords(words, accept.Words.Length);
                accepted.Prefetch();
                Candidate start = HnswSearcher<TRows>.Descend(Store, row, entry, entryLayer, 0, scratch);
                outcome = effort.Within
                    ? HnswSearcher<TRows>.SearchLayerWithin(Store, row, start, 0, limits, accepted, scratch, cancellation)
                    : HnswSearcher<TRows>.SearchLayerFiltered(Store, row, start, 0, limits, accepted, scratch, cancellation);
            }
        }

        return IsComplete(outcome, query, effort, scratch, cancellation);
    }

    public override void SearchExact(
        ReadOnlySpan<float> query, SearchEffort effort, OrdinalBitmap? accept, SearchScratch scratch, CancellationToken cancellation)
    {
        byte* row = TVectors.Query(Store, query, scratch.Query);
        if (!Scan<TVectors>(row, effort.Results, effort.Bound, accept, Store.Movable is not null, scratch, cancellation))
        {
            throw new OperationCanceledException(cancellation);
        }
    }

    public override bool SearchPartitions(
        ReadOnlySpan<float> query,
        SearchEffort effort,
        OrdinalBitmap accept,
        PartitionedMatches? matches,
        SearchScratch scratch,
        CancellationToken cancellation)
    {
        Partitions? partitions = Partitions;
        if (partitions is null && matches is null)
        {
            return false;
        }

        byte* row = TRows.Query(Store, query, scratch.WalkQuery);
        FilteredWalk outcome;
        fixed (ulong* words = accept.Words)
        {
            var accepted = new OrdinalWords(words, accept.Words.Length);
            outcome = PartitionSearcher.Search(Store, partitions, row, effort, accepted, matches, scratch, cancellation);
        }

        return IsComplete(outcome, query, effort, scratch, cancellation);
    }

    public override void Compare(ReadOnlySpan<float> query, ReadOnlySpan<uint> ordinals, Span<float> distances, SearchScratch scratch)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(distances.Length, ordinals.Length);
        byte* row = TVectors.Query(Store, query, scratch.Query);
        fixed (uint* nodes = ordinals)
        fixed (float* computed = distances)
        {
            if (Store.Movable is null)
            {
                HnswSearcher<TVectors>.Compute(Store, row, nodes, ordinals.Length, computed);
            }
            else
            {
                HnswSearcher<TVectors>.ComputeMovable(Store, row, nodes, ordinals.Length, computed, scratch);
            }
        }

        scratch.DistanceComputations += ordinals.Length;
    }

    public override void SearchCodes(
        ReadOnlySpan<float> query, SearchEffort effort, OrdinalBitmap accept, SearchScratch scratch, CancellationToken cancellation)
    {
        // By their codes some are beyond a radius that they are within.
        byte* row = TRows.Query(Store, query, scratch.WalkQuery);
        float bound = WalksOnCodes ? float.PositiveInfinity : effort.Bound;
        if (!Scan<TRows>(row, effort.Width, bound, accept, movable: false, scratch, cancellation))
        {
            throw new OperationCanceledException(cancellation);
        }

        Rerank(query, effort, scratch);
    }

    public override void SearchShared(
        ReadOnlySpan<SharedQuery> queries, bool byCodes, OrdinalBitmap accept, SearchScratch scratch, CancellationToken cancellation)
    {
        bool complete = byCodes
            ? ScanShared<TRows>(queries, accept, scratch.WalkQuery, movable: false, scratch, cancellation)
            : ScanShared<TVectors>(queries, accept, scratch.Query, Store.Movable is not null, scratch, cancellation);
        if (!complete)
        {
            throw new OperationCanceledException(cancellation);
        }
    }

    public override void SearchPartitionsShared(
        ReadOnlySpan<SharedQuery> queries, PartitionedMatches matches, SearchScratch scratch, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(queries.Length, MaxSharedByParts);
        SharedQueries shared = scratch.Shared;
        shared.Reset(queries);
        int bytes = CodeKernel.QueryBytes(Store.CodeLength);
        shared.SetRows(bytes);
        for (int i = 0; i < queries.Length; i++)
        {
            byte* query = CodeRows.Query(Store, queries[i].Vector.Span, scratch.WalkQuery);
            new ReadOnlySpan<byte>(query, bytes).CopyTo(new Span<byte>(shared.Row(i), bytes));
        }

        bool complete = PartitionSearcher.SearchShared(Store, shared, queries, matches, scratch.PartSchedule, cancellation);
        scratch.PartSchedule.End();
        if (!complete)
        {
            throw new OperationCanceledException(cancellation);
        }
    }

    public override void SelectShared(int at, in SharedQuery query, bool byCodes, SearchScratch scratch)
    {
        scratch.Results = scratch.Shared.Nearest(at);
        (long distances, int expansions) = scratch.Shared.Counts(at);
        scratch.DistanceComputations += distances;
        scratch.Expansions += expansions;
        if (byCodes)
        {
            Rerank(query.Vector.Span, query.Effort, scratch);
        }
    }

    public override bool PlanRepair(RowKey row, SearchScratch scratch)
    {
        ReadOnlySpan<uint> current = Store.ReadLinks(row.Ordinal, row.Layer);
        bool anyHidden = false;
        foreach (uint neighbor in current)
        {
            anyHidden |= neighbor != GraphStore.NoNode && !Store.IsLive(neighbor);
        }

        if (!anyHidden)
        {
            return false;
        }

        LinkPlan plan = scratch.Plan;
        plan.Begin(row.Ordinal, Recent.Count);
        LinkPlan.PlannedRow planned = plan.Layer(row.Layer).AddRow();
        planned.Ordinal = row.Ordinal;
        Store.CopyLinks(row.Ordinal, row.Layer, planned.Before);
        scratch.Selection.Repair<TRows>(Store, row.Ordinal, row.Layer, CollectionsMarshal.AsSpan(planned.Before), planned.After);
        return true;
    }

    public override void CommitRepair(SearchScratch scratch)
    {
        LinkPlan plan = scratch.Plan;
        int layer = plan.LayerCount - 1;
        LinkPlan.PlannedRow planned = plan.Layer(layer).Row(0);
        ReadOnlySpan<uint> current = Store.ReadLinks(planned.Ordinal, layer);
        bool stale = !current.SequenceEqual(CollectionsMarshal.AsSpan(planned.Before));
        foreach (uint neighbor in planned.After)
        {
            stale |= !Store.IsLive(neighbor);
        }

        if (stale)
        {
            scratch.Selection.Repair<TRows>(Store, planned.Ordinal, layer, current, planned.After);
        }

        Store.ChangeLinks(planned.Ordinal, layer, CollectionsMarshal.AsSpan(planned.After));
        plan.AddChanged(new RowKey(planned.Ordinal, layer));
    }

    public override void PlanRelink(uint ordinal, SearchScratch scratch) =>
        HnswBuilder<TRows>.PlanRelink(Store, ordinal, Recent, scratch);

    public override bool CommitRelink(SearchScratch scratch)
    {
        Debug.Assert(Store.IsLive(scratch.Plan.Ordinal), "Only live nodes are linked again.");
        return HnswBuilder<TRows>.CommitRelink(Store, scratch);
    }

    private bool IsComplete(
        FilteredWalk outcome, ReadOnlySpan<float> query, in SearchEffort effort, SearchScratch scratch, CancellationToken cancellation)
    {
        switch (outcome)
        {
            case FilteredWalk.Complete:
                Rerank(query, effort, scratch);
                return true;
            case FilteredWalk.GivenUp:
                return false;
            default:
                throw new OperationCanceledException(cancellation);
        }
    }

    // Squared chords are twice 1 - cos, so that a factor on lengths is its square on either; inner products have no such origin.
    private WalkLimits Limits(SearchEffort effort)
    {
        (float slack, float dense) = Store.Parameters.Distance == DistanceKind.NegativeDot
            ? (float.PositiveInfinity, 0f)
            : (effort.Slack * effort.Slack, effort.DenseSlack * effort.DenseSlack);
        return new WalkLimits(effort.K, effort.Width, slack, Store.Origin, effort.Budget)
        {
            Share = effort.Within || dense > slack ? effort.Share : 0,
            DenseSlack = dense,
            RangeLimit = effort.RangeLimit,
            Radius = effort.Radius,
            Beside = effort.Beside,
        };
    }

    // Folded by the compiler: each index is closed over one or the other.
    private static bool WalksOnCodes => typeof(TRows) != typeof(TVectors);

    private bool Scan<TScanned>(
        byte* row, int k, float bound, OrdinalBitmap? accept, bool movable, SearchScratch scratch, CancellationToken cancellation)
        where TScanned : struct, IRowSpace
    {
        if (accept is null)
        {
            return HnswSearcher<TScanned>.SearchExact(Store, row, k, bound, Store.Live, movable, scratch, cancellation);
        }

        fixed (ulong* words = accept.Words)
        {
            var accepted = new OrdinalWords(words, accept.Words.Length);
            return HnswSearcher<TScanned>.SearchExact(Store, row, k, bound, accepted, movable, scratch, cancellation);
        }
    }

    private bool ScanShared<TScanned>(
        ReadOnlySpan<SharedQuery> queries,
        OrdinalBitmap accept,
        AlignedBuffer<byte> buffer,
        bool movable,
        SearchScratch scratch,
        CancellationToken cancellation)
        where TScanned : struct, IRowSpace
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(queries.Length, MaxShared);
        SharedQueries shared = scratch.Shared;
        shared.Reset(queries);
        shared.SetBlocks(shared.BlockCount, TScanned.BlockBytes(Store));
        for (int i = 0; i < queries.Length; i++)
        {
            byte* query = TScanned.Query(Store, queries[i].Vector.Span, buffer);
            TScanned.SetInBlock(Store, shared.Block(i / QueryBlock.Lanes), i % QueryBlock.Lanes, query);
        }

        fixed (ulong* words = accept.Words)
        {
            var accepted = new OrdinalWords(words, accept.Words.Length);
            return HnswSearcher<TScanned>.SearchShared(Store, shared, accepted, movable, scratch, cancellation);
        }
    }

    /// <summary>
    /// Orders the candidates of a walk over codes by their vectors, nearest by the codes first. It stops where the next would have to
    /// be nearer than its codes say by more than three times what they have been off so far: the worse codes fit these vectors, the
    /// more are ordered. What lies beyond is dropped.
    /// </summary>
    private void Rerank(ReadOnlySpan<float> query, SearchEffort effort, SearchScratch scratch)
    {
        CandidatePool walked = scratch.Results!;
        if (!WalksOnCodes || walked.Count == 0)
        {
            return;
        }

        byte* row = TVectors.Query(Store, query, scratch.Query);
        CandidatePool reranked = scratch.Reranked;
        int least = effort.K + LeastReranked;
        int most = effort.Results;
        float bound = effort.Bound;
        reranked.Reset(Math.Min(walked.Count, most + LeastReranked));
        uint* nodes = stackalloc uint[MostAtOnce];
        float* distances = stackalloc float[MostAtOnce];
        int done = 0;
        int prefetched = 0;
        // Of squared distances: in floats these would come to nothing where vectors are short.
        double squaredErrors = 0;
        while (done < walked.Count && (done < least || CanStillEnter(walked[done].Distance, squaredErrors / done)))
        {
            int count = Math.Min(Store.Movable is null ? RerankStep : Math.Clamp(least - done, DiskStep, MostAtOnce), walked.Count - done);
            for (int i = 0; i < count; i++)
            {
                nodes[i] = walked[done + i].Ordinal;
            }

            if (Store.Movable is null)
            {
                for (int end = Math.Min(walked.Count, Math.Max(least, done + (2 * RerankStep))); prefetched < end; prefetched++)
                {
                    HnswSearcher<TVectors>.PrefetchRow(Store, walked[prefetched].Ordinal);
                }

                HnswSearcher<TVectors>.Compute(Store, row, nodes, count, distances);
            }
            else
            {
                HnswSearcher<TVectors>.ComputeMovable(Store, row, nodes, count, distances, scratch);
            }

            for (int i = 0; i < count; i++)
            {
                double error = (double)walked[done + i].Distance - distances[i];
                squaredErrors += error * error;
                reranked.Insert(distances[i], nodes[i]);
            }

            done += count;
        }

        scratch.DistanceComputations += done;
        scratch.Results = reranked;

        // Not "smaller than": where an error is not a number, nothing is ruled out.
        bool CanStillEnter(float distance, double squaredError) => !(distance - (3 * Math.Sqrt(squaredError))
            >= (reranked.Count < most ? bound : Math.Min(bound, reranked[most - 1].Distance)));
    }
}
