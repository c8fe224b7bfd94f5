using System.Numerics;
using System.Runtime.CompilerServices;
using AnnServer.Core.Filtering;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <content>The walks whose results are members of a set.</content>
internal static unsafe partial class HnswSearcher<TRows>
{
    // Nodes that came nearer than what was found, the last of which tell what share matches around the query.
    private const int LeastNear = 16;

    // Members of the set that a walk inside it begins with.
    private const int Seeds = 32;

    // Fewer than half of the members that a share of the nodes within two steps would be, less as many as may be missing by chance.
    private const int FewBelow = 2;
    private const int FewByChance = 2;

    /// <summary>
    /// Algorithm 2 where only the nodes in <paramref name="accept"/> can be results and every node can be walked through: fills
    /// <see cref="SearchScratch.Accepted"/> with the nearest accepted nodes found. The walk goes on until there are as many as it keeps
    /// and nothing nearer is left to expand, so it grows as the filter gets rarer.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static FilteredWalk SearchLayerFiltered(
        GraphStore store, byte* query, Candidate start, int layer, in WalkLimits limits, OrdinalWords accept, SearchScratch scratch, CancellationToken cancellation)
    {
        CandidatePool accepted = scratch.Accepted;
        CandidateHeap frontier = scratch.Frontier;
        VisitedSet visited = scratch.Visited;
        int capacity = store.Parameters.MaxLinks(layer);
        scratch.Distances.EnsureLength((GraphParameters.MaxM * 2) + LanesPerMask);
        float* distances = scratch.Distances.Pointer;
        accepted.Reset(limits.Width);
        frontier.Clear();
        visited.Reset(store.SlotCount, scratch.HeldOut);
        visited.TryAdd(start.Ordinal);
        frontier.Push(start.Distance, start.Ordinal);
        if (accept.Contains(start.Ordinal))
        {
            accepted.Insert(start.Distance, start.Ordinal);
        }

        long hops = 0;
        WalkLimits now = limits;
        int near = 0;
        int nearMatching = 0;
        float reach = float.PositiveInfinity;
        int pendingFirst = 0;
        int pendingCount = 0;
        FilteredWalk outcome = FilteredWalk.Complete;
        while (true)
        {
            // The next node is chosen before the distances of the last are known, as without a filter: its neighbours are on their way
            // meanwhile. One too far away stays so, as what is looked for only gets nearer.
            bool more = false;
            int first = 0;
            if (frontier.Count > 0)
            {
                Candidate nearest = frontier.Pop();
                more = !(nearest.Distance > Math.Min(accepted.Worst, reach));
                if (more)
                {
                    first = Collect(store, nearest.Ordinal, layer, capacity, visited);
                    hops++;
                }
            }

            if (!more && pendingCount == 0)
            {
                break;
            }

            uint* batch = visited.Met + pendingFirst;
            Compute(store, query, batch, pendingCount, distances);
            for (int i = 0; i < pendingCount; i += LanesPerMask)
            {
                for (uint nearer = NearerThan(distances + i, pendingCount - i, Math.Min(accepted.Worst, reach)); nearer != 0; nearer &= nearer - 1)
                {
                    int at = i + BitOperations.TrailingZeroCount(nearer);
                    PrefetchLinks(store, batch[at], layer);
                    frontier.Push(distances[at], batch[at]);
                    near++;
                    if (accept.Contains(batch[at]))
                    {
                        accepted.Insert(distances[at], batch[at]);
                        nearMatching++;
                    }
                }
            }

            if (limits.Share > 0 && near >= LeastNear)
            {
                now = limits.Near(nearMatching, near);
                near = 0;
                nearMatching = 0;
            }

            reach = now.Reach(accepted);
            pendingFirst = first;
            pendingCount = more ? visited.Count - first : 0;
            if (visited.Count > limits.Budget)
            {
                outcome = FilteredWalk.GivenUp;
                break;
            }

            if (hops % HopsBetweenCancellationChecks == 0 && cancellation.IsCancellationRequested)
            {
                outcome = FilteredWalk.Cancelled;
                break;
            }
        }

        scratch.Expansions += hops;
        scratch.DistanceComputations += visited.Count - 1;
        scratch.Results = accepted;
        return outcome;
    }

    /// <summary>
    /// Algorithm 2 inside the nodes of <paramref name="accept"/>: only to these are distances computed, and where few neighbours of a
    /// node are among them, the neighbours of the others take their place (ACORN-1: Patel et al., SIGMOD 2024, section 5). Starts from
    /// members spread over the set beside <paramref name="start"/>, since the nearest of them may be nowhere near it. Fills
    /// <see cref="SearchScratch.Accepted"/>; it may end with too few, where the set falls apart.
    /// <para>
    /// Where the nearest members are far away, there are many about as near, on all sides, and the ways between them lead through nodes that are no
    /// members: in 1,000,000 points, of which the half or the tenth that was farthest from the query matched, it found 0.97 and 0.94 at most,
    /// however hard it tried. So it is given up, if the limits have a share, where members are few around the start.
    /// </para>
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static FilteredWalk SearchLayerWithin(
        GraphStore store, byte* query, Candidate start, int layer, in WalkLimits limits, OrdinalWords accept, SearchScratch scratch, CancellationToken cancellation)
    {
        CandidatePool pool = scratch.Accepted;
        VisitedSet visited = scratch.Visited;
        int capacity = store.Parameters.MaxLinks(layer);
        int batchLimit = (capacity * 2) + Seeds;
        scratch.Distances.EnsureLength(batchLimit + LanesPerMask);
        scratch.Nodes.EnsureLength(batchLimit + capacity);
        float* distances = scratch.Distances.Pointer;
        uint* batch = scratch.Nodes.Pointer;
        uint* others = batch + batchLimit;
        if (limits.Share > 0 && AreFew(store, start.Ordinal, layer, accept, limits.Share, visited))
        {
            return FilteredWalk.GivenUp;
        }

        pool.Reset(limits.Width);
        visited.Reset(store.SlotCount, scratch.HeldOut);
        visited.TryAdd(start.Ordinal);
        int count = AddSeeds(accept, visited, batch);
        if (accept.Contains(start.Ordinal))
        {
            pool.Insert(start.Distance, start.Ordinal);
        }
        else
        {
            count = Gather(start.Ordinal, count);
        }

        long computed = 0;
        long hops = 0;
        float reach = float.PositiveInfinity;
        FilteredWalk outcome = FilteredWalk.Complete;
        while (true)
        {
            Compute(store, query, batch, count, distances);
            computed += count;
            for (int i = 0; i < count; i += LanesPerMask)
            {
                for (uint nearer = NearerThan(distances + i, count - i, Math.Min(pool.Worst, reach)); nearer != 0; nearer &= nearer - 1)
                {
                    int at = i + BitOperations.TrailingZeroCount(nearer);
                    PrefetchLinks(store, batch[at], layer);
                    pool.Insert(distances[at], batch[at]);
                }
            }

            reach = limits.Reach(pool);
            if (!pool.TryExpand(reach, out uint node))
            {
                break;
            }

            count = Gather(node, 0);
            hops++;
            if (computed > limits.Budget)
            {
                outcome = FilteredWalk.GivenUp;
                break;
            }

            if (hops % HopsBetweenCancellationChecks == 0 && cancellation.IsCancellationRequested)
            {
                outcome = FilteredWalk.Cancelled;
                break;
            }
        }

        scratch.Expansions += hops;
        scratch.DistanceComputations += computed;
        scratch.Results = pool;
        return outcome;

        // The accepted nodes one step from a node, then two, until they are as many as a row is long.
        int Gather(uint node, int count)
        {
            int first = visited.Count;
            int wanted = count + capacity;
            visited.AddRow(store.Links(node, layer), capacity);
            int otherCount = 0;
            for (int i = first; i < visited.Count; i++)
            {
                uint neighbor = visited.Met[i];
                if (accept.Contains(neighbor))
                {
                    PrefetchRow(store, neighbor);
                    batch[count++] = neighbor;
                }
                else
                {
                    PrefetchLinks(store, neighbor, layer);
                    others[otherCount++] = neighbor;
                }
            }

            for (int i = 0; i < otherCount && count < wanted; i++)
            {
                first = visited.Count;
                visited.AddRow(store.Links(others[i], layer), capacity, accept);
                for (int j = first; j < visited.Count; j++)
                {
                    PrefetchRow(store, visited.Met[j]);
                    batch[count++] = visited.Met[j];
                }
            }

            return count;
        }
    }

    // Whether far fewer than the share of the live nodes within two steps are members.
    private static bool AreFew(GraphStore store, uint start, int layer, OrdinalWords accept, float share, VisitedSet visited)
    {
        int capacity = store.Parameters.MaxLinks(layer);
        visited.Reset(store.SlotCount, null);
        visited.TryAdd(start);
        visited.AddRow(store.Links(start, layer), capacity);
        int near = visited.Count;
        for (int i = 1; i < near; i++)
        {
            PrefetchLinks(store, visited.Met[i], layer);
        }

        for (int i = 1; i < near; i++)
        {
            visited.AddRow(store.Links(visited.Met[i], layer), capacity);
        }

        OrdinalWords live = store.Live;
        int met = 0;
        int members = 0;
        for (int i = 0; i < visited.Count; i++)
        {
            uint node = visited.Met[i];
            met += live.Contains(node) ? 1 : 0;
            members += accept.Contains(node) ? 1 : 0;
        }

        return (members + FewByChance) * FewBelow < met * share;
    }

    // Members of a set, spread evenly over it.
    private static int AddSeeds(OrdinalWords accept, VisitedSet visited, uint* batch)
    {
        int count = 0;
        int next = 0;
        for (int i = 0; i < Seeds; i++)
        {
            int word = Math.Max(next, (int)((long)accept.WordCount * i / Seeds));
            ulong members = 0;
            while (word < accept.WordCount && (members = accept.Word(word)) == 0)
            {
                word++;
            }

            next = word + 1;
            uint ordinal = (uint)(word << 6) + (uint)BitOperations.TrailingZeroCount(members);
            if (members != 0 && ordinal < visited.Limit && visited.TryAdd(ordinal))
            {
                batch[count++] = ordinal;
            }
        }

        return count;
    }
}
