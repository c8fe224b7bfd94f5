using System.Runtime.InteropServices;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <summary>
/// Inserts nodes (Malkov &amp; Yashunin, arXiv 1603.09320, algorithm 1) in two steps. <see cref="Plan"/> searches and selects, and
/// runs on any number of threads without a lock. <see cref="Commit"/> writes the links, under the commit lock of the caller:
/// 1. nodes committed since the plan are considered as neighbours, and neighbours deleted since are dropped;
/// 2. the node's own rows are written;
/// 3. each neighbour's row is replaced: by the planned one if the row has not changed, else by one worked out there and then;
/// 4. the node becomes the entry point if it reaches a higher layer.
/// A reader that meets the node in step 3 finds its vector and rows complete.
/// </summary>
internal static unsafe class HnswBuilder<TRows>
    where TRows : struct, IRowSpace
{
    /// <summary>Works out the links of a node whose vector is written.</summary>
    public static void Plan(GraphStore store, uint node, RecentCommits recent, SearchScratch scratch)
    {
        LinkPlan plan = scratch.Plan;
        plan.Begin(node, recent.Count);
        if (!HnswSearcher<TRows>.TryBegin(store, scratch, out uint entry, out int entryLayer))
        {
            return;
        }

        byte* query = TRows.QueryOf(store, TRows.Row(store, node), scratch.WalkQuery);
        int top = Math.Min(store.TopLayer(node), entryLayer);
        Candidate start = HnswSearcher<TRows>.Descend(store, query, entry, entryLayer, top, scratch);
        for (int layer = top; layer >= 0; layer--)
        {
            FindNeighbors(store, query, start, layer, scratch);
            CandidatePool found = scratch.Results!;
            if (found.Count > 0)
            {
                start = found[0];
            }

            LinkPlan.LayerPlan layerPlan = plan.Layer(layer);
            foreach (Candidate neighbor in CollectionsMarshal.AsSpan(layerPlan.Neighbors))
            {
                LinkPlan.PlannedRow row = layerPlan.AddRow();
                row.Ordinal = neighbor.Ordinal;
                store.CopyLinks(neighbor.Ordinal, layer, row.Before);
                scratch.Selection.Extend<TRows>(
                    store, neighbor.Ordinal, layer, CollectionsMarshal.AsSpan(row.Before), node, row.After);
            }
        }
    }

    /// <summary>Links the planned node. Under the commit lock.</summary>
    public static void Commit(GraphStore store, RecentCommits recent, SearchScratch scratch)
    {
        LinkPlan plan = scratch.Plan;
        uint node = plan.Ordinal;
        if (recent.Count - plan.SeenCommits > RecentCommits.Capacity || !Refresh(store, recent, scratch))
        {
            Plan(store, node, recent, scratch);
        }

        for (int layer = plan.LayerCount - 1; layer >= 0; layer--)
        {
            WriteOwnRow(store, plan, layer);
        }

        for (int layer = plan.LayerCount - 1; layer >= 0; layer--)
        {
            LinkBack(store, plan, layer, scratch.Selection);
        }

        if (!store.TryGetEntry(out _, out int entryLayer) || store.TopLayer(node) > entryLayer)
        {
            store.SetEntry(node);
        }

        recent.Add(node);
    }

    /// <summary>
    /// Works out neighbours on layer 0 for a node that no path leads to there. They are looked for on that layer alone, from the entry
    /// point: a descent may end among nodes that are cut off together with it.
    /// </summary>
    public static void PlanRelink(GraphStore store, uint node, RecentCommits recent, SearchScratch scratch)
    {
        scratch.Plan.Begin(node, recent.Count);
        if (HnswSearcher<TRows>.TryBegin(store, scratch, out uint entry, out _))
        {
            byte* query = TRows.QueryOf(store, TRows.Row(store, node), scratch.WalkQuery);
            var start = new Candidate(TRows.Distance(store, query, TRows.Row(store, entry)), entry);
            FindNeighbors(store, query, start, 0, scratch);
        }
    }

    /// <summary>
    /// Links the planned node to its neighbours and back, beside what it links to: nodes that are cut off with it are reached through
    /// it. False if no neighbour has taken a link to it. Under the commit lock.
    /// </summary>
    public static bool CommitRelink(GraphStore store, SearchScratch scratch)
    {
        LinkPlan plan = scratch.Plan;
        LinkPlan.LayerPlan layerPlan = plan.Layer(0);
        RemoveHidden(store, layerPlan.Neighbors);
        LinkPlan.PlannedRow own = FindRow(layerPlan, plan.Ordinal);
        foreach (Candidate neighbor in CollectionsMarshal.AsSpan(layerPlan.Neighbors))
        {
            ReadOnlySpan<uint> current = store.ReadLinks(plan.Ordinal, 0);
            if (!current.Contains(neighbor.Ordinal))
            {
                scratch.Selection.Extend<TRows>(store, plan.Ordinal, 0, current, neighbor.Ordinal, own.After);
                store.ChangeLinks(plan.Ordinal, 0, CollectionsMarshal.AsSpan(own.After));
            }
        }

        plan.AddChanged(new RowKey(plan.Ordinal, 0));
        LinkBack(store, plan, 0, scratch.Selection);
        bool isLinked = false;
        foreach (Candidate neighbor in CollectionsMarshal.AsSpan(layerPlan.Neighbors))
        {
            isLinked |= store.HasLink(neighbor.Ordinal, 0, plan.Ordinal);
        }

        return isLinked;
    }

    // Puts the nearest live nodes of a layer into the results, and of them those to link to into the plan.
    private static void FindNeighbors(GraphStore store, byte* query, Candidate start, int layer, SearchScratch scratch)
    {
        GraphParameters parameters = store.Parameters;
        var limits = new WalkLimits(parameters.M, parameters.EfConstruction, float.PositiveInfinity, 0, long.MaxValue);
        HnswSearcher<TRows>.SearchLive(store, query, start, layer, limits, scratch, CancellationToken.None);
        CandidatePool found = scratch.Results!;
        List<Candidate> candidates = scratch.Selection.Candidates;
        candidates.Clear();
        for (int i = 0; i < found.Count; i++)
        {
            Candidate candidate = found[i];
            if (candidate.Ordinal != scratch.Plan.Ordinal && store.IsLive(candidate.Ordinal))
            {
                candidates.Add(candidate);
            }
        }

        scratch.Selection.Select<TRows>(store, parameters.M);
        scratch.Plan.Layer(layer).Neighbors.AddRange(scratch.Selection.Kept);
    }

    /// <summary>Brings a plan up to date with the commits it has not seen. False if it must be made anew.</summary>
    private static bool Refresh(GraphStore store, RecentCommits recent, SearchScratch scratch)
    {
        LinkPlan plan = scratch.Plan;
        uint node = plan.Ordinal;
        int top = store.TopLayer(node);
        for (int layer = 0; layer < plan.LayerCount; layer++)
        {
            RemoveHidden(store, plan.Layer(layer).Neighbors);
        }

        byte* query = recent.Count == plan.SeenCommits ? null : TRows.QueryOf(store, TRows.Row(store, node), scratch.WalkQuery);
        for (long commit = plan.SeenCommits; commit < recent.Count; commit++)
        {
            uint other = recent[commit];
            if (other == node || !store.IsLive(other))
            {
                continue;
            }

            float distance = TRows.Distance(store, query, TRows.Row(store, other));
            for (int layer = Math.Min(top, store.TopLayer(other)); layer >= 0; layer--)
            {
                Consider(store, plan.Layer(layer), new Candidate(distance, other), scratch.Selection);
            }
        }

        bool alone = plan.LayerCount == 0 || plan.Layer(0).Neighbors.Count == 0;
        return !alone || store.LiveCount == 0 || (store.LiveCount == 1 && store.IsLive(node));
    }

    private static void RemoveHidden(GraphStore store, List<Candidate> neighbors)
    {
        int kept = 0;
        for (int i = 0; i < neighbors.Count; i++)
        {
            if (store.IsLive(neighbors[i].Ordinal))
            {
                neighbors[kept++] = neighbors[i];
            }
        }

        neighbors.RemoveRange(kept, neighbors.Count - kept);
    }

    private static void Consider(GraphStore store, LinkPlan.LayerPlan layer, Candidate candidate, NeighborSelection selection)
    {
        List<Candidate> neighbors = layer.Neighbors;
        foreach (Candidate neighbor in neighbors)
        {
            if (neighbor.Ordinal == candidate.Ordinal)
            {
                return;
            }
        }

        int m = store.Parameters.M;
        if (neighbors.Count >= m && candidate.Distance >= neighbors[^1].Distance)
        {
            return;
        }

        selection.Candidates.Clear();
        selection.Candidates.AddRange(neighbors);
        selection.Candidates.Add(candidate);
        NeighborSelection.SortByDistance(selection.Candidates);
        selection.Select<TRows>(store, m);
        neighbors.Clear();
        neighbors.AddRange(selection.Kept);
    }

    private static void WriteOwnRow(GraphStore store, LinkPlan plan, int layer)
    {
        List<Candidate> neighbors = plan.Layer(layer).Neighbors;
        Span<uint> row = stackalloc uint[GraphParameters.MaxM];
        for (int i = 0; i < neighbors.Count; i++)
        {
            row[i] = neighbors[i].Ordinal;
        }

        store.ChangeLinks(plan.Ordinal, layer, row[..neighbors.Count]);
        plan.AddChanged(new RowKey(plan.Ordinal, layer));
    }

    private static void LinkBack(GraphStore store, LinkPlan plan, int layer, NeighborSelection selection)
    {
        LinkPlan.LayerPlan layerPlan = plan.Layer(layer);
        foreach (Candidate neighbor in CollectionsMarshal.AsSpan(layerPlan.Neighbors))
        {
            LinkPlan.PlannedRow row = FindRow(layerPlan, neighbor.Ordinal);
            ReadOnlySpan<uint> current = store.ReadLinks(neighbor.Ordinal, layer);
            if (current.Contains(plan.Ordinal))
            {
                continue;
            }

            if (row.After.Count == 0 || !current.SequenceEqual(CollectionsMarshal.AsSpan(row.Before)))
            {
                selection.Extend<TRows>(store, neighbor.Ordinal, layer, current, plan.Ordinal, row.After);
            }

            ReadOnlySpan<uint> after = CollectionsMarshal.AsSpan(row.After);
            if (!current.SequenceEqual(after))
            {
                store.ChangeLinks(neighbor.Ordinal, layer, after);
                plan.AddChanged(new RowKey(neighbor.Ordinal, layer));
            }
        }
    }

    private static LinkPlan.PlannedRow FindRow(LinkPlan.LayerPlan layer, uint ordinal)
    {
        for (int i = 0; i < layer.RowCount; i++)
        {
            if (layer.Row(i).Ordinal == ordinal)
            {
                return layer.Row(i);
            }
        }

        // A neighbour found at the commit: it has no plan yet.
        LinkPlan.PlannedRow row = layer.AddRow();
        row.Ordinal = ordinal;
        row.Before.Clear();
        row.After.Clear();
        return row;
    }
}
