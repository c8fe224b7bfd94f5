using AnnServer.Core.Filtering;

namespace AnnServer.Core.Graph;

/// <summary>Checks of the structure: what every graph must satisfy whatever was done to it.</summary>
public static class GraphAudit
{
    private const uint NodesPerCancellationCheck = 4096;

    // A walk beside writers can miss a point whose links are moved behind it; two are hardly unlucky with the same one.
    private const int Walks = 2;

    /// <summary>
    /// The live nodes that no path from the entry point reaches on layer 0. Exact when nothing is written meanwhile, else a guess.
    /// </summary>
    /// <param name="reached">Is made the nodes that a path does reach.</param>
    public static List<uint> FindUnreachable(VectorIndex index, OrdinalBitmap? reached = null)
    {
        GraphStore store = index.Store;
        var unreachable = new List<uint>();
        reached ??= new OrdinalBitmap();
        Walk(store, reached, CancellationToken.None);
        if (!store.TryGetEntry(out _, out _))
        {
            return unreachable;
        }

        for (uint ordinal = 0; ordinal < (uint)reached.Length; ordinal++)
        {
            if (store.IsLive(ordinal) && !reached.Contains(ordinal))
            {
                unreachable.Add(ordinal);
            }
        }

        return unreachable;
    }

    /// <summary>Adds a node that is not yet reached, and whatever it leads to on layer 0.</summary>
    public static void Reach(VectorIndex index, uint node, OrdinalBitmap reached) => Reach(index.Store, node, reached, CancellationToken.None);

    /// <summary>
    /// Counts links, and points that nothing leads to, while others may write: each row is counted as it was when it was read. Exact when
    /// nothing is written meanwhile; else a point may count as unreachable whose links were changed during each of two walks.
    /// </summary>
    /// <param name="points">The live nodes of one moment.</param>
    /// <param name="isDangling">
    /// Asked of a row with a link to a node that is not live, so seldom: whether that is so still, and no point has the slot.
    /// </param>
    /// <exception cref="OperationCanceledException">The token was cancelled; it is looked at throughout.</exception>
    public static GraphCounts Count(
        VectorIndex index, OrdinalBitmap points, Func<RowKey, uint, bool> isDangling, CancellationToken cancellation)
    {
        GraphStore store = index.Store;
        var layers = new List<LayerCounts>();
        var links = new List<uint>();
        long dangling = 0;
        foreach (uint ordinal in points)
        {
            ThrowIfCancelled(ordinal, cancellation);
            for (int layer = store.TopLayer(ordinal); layer >= 0; layer--)
            {
                store.CopyLinks(ordinal, layer, links);
                long oneWay = 0;
                foreach (uint link in links)
                {
                    if (!index.IsLive(link))
                    {
                        dangling += isDangling(new RowKey(ordinal, layer), link) ? 1 : 0;
                    }
                    else if (store.TopLayer(link) < layer || !store.HasLink(link, layer, ordinal))
                    {
                        oneWay++;
                    }
                }

                while (layers.Count <= layer)
                {
                    layers.Add(default);
                }

                LayerCounts before = layers[layer];
                layers[layer] = new LayerCounts(
                    before.Nodes + 1, before.Links + links.Count, before.OneWay + oneWay, Math.Max(before.Longest, links.Count));
            }
        }

        return new GraphCounts(CountUnreachable(index, points, cancellation), dangling, layers);
    }

    /// <summary>What is wrong with the links, in words; empty when all is well. Nothing may be written meanwhile.</summary>
    public static List<string> FindFaults(VectorIndex index)
    {
        GraphStore store = index.Store;
        var faults = new List<string>();
        for (uint ordinal = 0; ordinal < store.SlotCount; ordinal++)
        {
            for (int layer = store.TopLayer(ordinal); layer >= 0; layer--)
            {
                CheckRow(store, ordinal, layer, faults);
            }
        }

        bool hasEntry = store.TryGetEntry(out uint entry, out _);
        if (store.LiveCount > 0 && !hasEntry)
        {
            faults.Add($"{store.LiveCount} live nodes and no entry point");
        }

        if (hasEntry && store.HiddenCount == 0 && !store.IsLive(entry))
        {
            faults.Add($"the entry point {entry} is neither live nor hidden");
        }

        int live = 0;
        for (uint ordinal = 0; ordinal < store.SlotCount; ordinal++)
        {
            live += store.IsLive(ordinal) ? 1 : 0;
        }

        if (live != store.LiveCount)
        {
            faults.Add($"{live} live nodes are counted as {store.LiveCount}");
        }

        return faults;
    }

    private static long CountUnreachable(VectorIndex index, OrdinalBitmap points, CancellationToken cancellation)
    {
        List<uint>? missed = null;
        for (int walk = 0; walk < Walks && missed is not { Count: 0 }; walk++)
        {
            var reached = new OrdinalBitmap();
            Walk(index.Store, reached, cancellation);
            if (missed is null)
            {
                missed = [];
                foreach (uint ordinal in points)
                {
                    missed.Add(ordinal);
                }
            }

            missed.RemoveAll(ordinal => reached.Contains(ordinal) || !index.IsLive(ordinal));
        }

        return missed!.Count;
    }

    // The nodes that paths from the entry point reach on layer 0, of those that have a slot when it begins.
    private static void Walk(GraphStore store, OrdinalBitmap reached, CancellationToken cancellation)
    {
        reached.Reset((int)store.SlotCount);
        if (store.TryGetEntry(out uint entry, out _))
        {
            Reach(store, entry, reached, cancellation);
        }
    }

    // It also goes through nodes that are newer than the bitmap, since a row that was pruned for one may be the only way on.
    private static void Reach(GraphStore store, uint from, OrdinalBitmap reached, CancellationToken cancellation)
    {
        var newer = new HashSet<uint>();
        var links = new List<uint>();
        var queue = new Stack<uint>();
        queue.Push(from);
        Visit(from);
        for (uint visited = 0; queue.TryPop(out uint node); visited++)
        {
            ThrowIfCancelled(visited, cancellation);
            store.CopyLinks(node, 0, links);
            foreach (uint next in links)
            {
                if (next < store.SlotCount && Visit(next))
                {
                    queue.Push(next);
                }
            }
        }

        bool Visit(uint node)
        {
            if (node >= (uint)reached.Length)
            {
                return newer.Add(node);
            }

            bool isNew = !reached.Contains(node);
            reached.Add(node);
            return isNew;
        }
    }

    private static void ThrowIfCancelled(uint node, CancellationToken cancellation)
    {
        if (node % NodesPerCancellationCheck == 0)
        {
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private static void CheckRow(GraphStore store, uint ordinal, int layer, List<string> faults)
    {
        var seen = new HashSet<uint>();
        foreach (uint neighbor in store.ReadLinks(ordinal, layer))
        {
            if (neighbor >= store.SlotCount)
            {
                faults.Add($"node {ordinal} layer {layer} links to {neighbor}, beyond the last slot");
            }
            else if (neighbor == ordinal)
            {
                faults.Add($"node {ordinal} layer {layer} links to itself");
            }
            else if (!seen.Add(neighbor))
            {
                faults.Add($"node {ordinal} layer {layer} links to {neighbor} twice");
            }
            else if (store.TopLayer(neighbor) < layer)
            {
                faults.Add($"node {ordinal} layer {layer} links to {neighbor}, which does not reach the layer");
            }
            else if (store.HiddenCount == 0 && store.IsLive(ordinal) && !store.IsLive(neighbor))
            {
                faults.Add($"node {ordinal} layer {layer} links to {neighbor}, which is neither live nor hidden");
            }
        }
    }
}
