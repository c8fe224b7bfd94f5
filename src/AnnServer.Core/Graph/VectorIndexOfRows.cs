using System.Diagnostics;
using System.Runtime.InteropServices;
using AnnServer.Core.Filtering;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <summary>
/// The index closed over the rows that its graph is walked on and over those of its vectors: one virtual call a search leads here,
/// and below it everything is inlined. Where the two differ, a walk's best candidates are ordered anew by their vectors.
/// </summary>
internal sealed unsafe class VectorIndex<TRows, TVectors>(GraphParameters parameters) : VectorIndex(parameters)
    where TRows : struct, IRowSpace
    where TVectors : struct, IRowSpace
{
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
        if (!Store.TryGetEntry(out uint entry, out int entryLayer))
        {
            scratch.Accepted.Reset(1);
            scratch.Results = scratch.Accepted;
            return true;
        }

        byte* row = TRows.Query(Store, query, scratch.WalkQuery);
        Candidate start = HnswSearcher<TRows>.Descend(Store, row, entry, entryLayer, 0, scratch);
        FilteredWalk outcome;
        if (accept is null)
        {
            outcome = HnswSearcher<TRows>.SearchLive(Store, row, start, 0, effort.Width, effort.K, effort.Budget, scratch, cancellation);
        }
        else
        {
            fixed (ulong* words = accept.Words)
            {
                outcome = HnswSearcher<TRows>.SearchLayerFiltered(
                    Store, row, start, 0, effort.Width, new OrdinalWords(words, accept.Words.Length), effort.Budget, scratch, cancellation);
            }
        }

        switch (outcome)
        {
            case FilteredWalk.Complete:
                Rerank(query, effort, scratch);
                return true;
            case FilteredWalk.OverBudget:
                return false;
            default:
                throw new OperationCanceledException(cancellation);
        }
    }

    public override void SearchExact(
        ReadOnlySpan<float> query, int k, OrdinalBitmap? accept, SearchScratch scratch, CancellationToken cancellation)
    {
        byte* row = TVectors.Query(Store, query, scratch.Query);
        bool done;
        if (accept is null)
        {
            done = HnswSearcher<TVectors>.SearchExact(Store, row, k, Store.Live, scratch, cancellation);
        }
        else
        {
            fixed (ulong* words = accept.Words)
            {
                done = HnswSearcher<TVectors>.SearchExact(Store, row, k, new OrdinalWords(words, accept.Words.Length), scratch, cancellation);
            }
        }

        if (!done)
        {
            throw new OperationCanceledException(cancellation);
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

        Store.WriteLinks(planned.Ordinal, layer, CollectionsMarshal.AsSpan(planned.After));
        plan.AddChanged(new RowKey(planned.Ordinal, layer));
    }

    public override void PlanRelink(uint ordinal, SearchScratch scratch) =>
        HnswBuilder<TRows>.Plan(Store, ordinal, Recent, scratch);

    public override void CommitRelink(SearchScratch scratch)
    {
        Debug.Assert(Store.IsLive(scratch.Plan.Ordinal), "Only live nodes are linked again.");
        HnswBuilder<TRows>.Commit(Store, Recent, scratch);
    }

    // Folded by the compiler: each index is closed over one or the other.
    private static bool WalksOnCodes => typeof(TRows) != typeof(TVectors);

    /// <summary>
    /// Orders the best candidates of a walk over codes by their vectors. What lies beyond them is dropped: it was farther by the
    /// codes than all of these.
    /// </summary>
    private void Rerank(ReadOnlySpan<float> query, SearchEffort effort, SearchScratch scratch)
    {
        if (!WalksOnCodes)
        {
            return;
        }

        CandidatePool walked = scratch.Results!;
        CandidatePool reranked = scratch.Reranked;
        int depth = Math.Min(walked.Count, effort.RerankDepth);
        if (depth == 0)
        {
            return;
        }

        byte* row = TVectors.Query(Store, query, scratch.Query);
        scratch.Nodes.EnsureLength(depth);
        scratch.Distances.EnsureLength(depth);
        uint* nodes = scratch.Nodes.Pointer;
        float* distances = scratch.Distances.Pointer;
        for (int i = 0; i < depth; i++)
        {
            nodes[i] = walked[i].Ordinal;
            HnswSearcher<TVectors>.PrefetchRow(Store, nodes[i]);
        }

        HnswSearcher<TVectors>.Compute(Store, row, nodes, depth, distances);
        reranked.Reset(depth);
        for (int i = 0; i < depth; i++)
        {
            reranked.Insert(distances[i], nodes[i]);
        }

        scratch.DistanceComputations += depth;
        scratch.Results = reranked;
    }
}
