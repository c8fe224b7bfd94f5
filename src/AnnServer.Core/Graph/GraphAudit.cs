using AnnServer.Core.Filtering;

namespace AnnServer.Core.Graph;

/// <summary>Checks of the structure: what every graph must satisfy whatever was done to it.</summary>
public static class GraphAudit
{
    /// <summary>
    /// The live nodes that no path from the entry point reaches on layer 0. Exact when nothing is written meanwhile, else a guess.
    /// </summary>
    /// <param name="reached">Is made the nodes that a path does reach.</param>
    public static List<uint> FindUnreachable(VectorIndex index, OrdinalBitmap? reached = null)
    {
        GraphStore store = index.Store;
        reached ??= new OrdinalBitmap();
        reached.Reset((int)store.SlotCount);
        var unreachable = new List<uint>();
        if (!store.TryGetEntry(out uint entry, out _))
        {
            return unreachable;
        }

        Reach(index, entry, reached);
        for (uint ordinal = 0; ordinal < reached.Length; ordinal++)
        {
            if (store.IsLive(ordinal) && !reached.Contains(ordinal))
            {
                unreachable.Add(ordinal);
            }
        }

        return unreachable;
    }

    /// <summary>Adds a node that is not yet reached, and whatever it leads to on layer 0.</summary>
    public static void Reach(VectorIndex index, uint node, OrdinalBitmap reached)
    {
        var queue = new Stack<uint>();
        Add(node);
        while (queue.TryPop(out uint next))
        {
            foreach (uint neighbor in index.Store.ReadLinks(next, 0))
            {
                Add(neighbor);
            }
        }

        void Add(uint ordinal)
        {
            if (ordinal < reached.Length && !reached.Contains(ordinal))
            {
                reached.Add(ordinal);
                queue.Push(ordinal);
            }
        }
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
