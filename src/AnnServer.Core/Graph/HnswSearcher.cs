using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AnnServer.Core.Filtering;
using AnnServer.Core.Memory;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <summary>
/// The walks over the graph (Malkov &amp; Yashunin, arXiv 1603.09320, algorithms 2 and 5). Each hop collects the neighbours not met
/// before and asks for every cache line of their vectors, and only then computes: the misses of one hop overlap.
/// </summary>
internal static unsafe partial class HnswSearcher<TRows>
    where TRows : struct, IRowSpace
{
    // Beyond this many lines of a row the hardware prefetcher has caught on, and more requests only evict.
    private const int MaxPrefetchedLines = 32;

    private const int HopsBetweenCancellationChecks = 32;

    private const int LanesPerMask = 16;

    // Up to one node in this many may be hidden before a walk looks out for them.
    private const int MinNodesPerHidden = 8;

    /// <summary>
    /// Where a search begins; false in an empty graph. The hidden nodes are counted before the entry point or any link is read: with
    /// none hidden by then, whatever the search meets was live when it began or later.
    /// </summary>
    public static bool TryBegin(GraphStore store, SearchScratch scratch, out uint entry, out int layer)
    {
        scratch.Hidden = store.HiddenCount;
        return store.TryGetEntry(out entry, out layer);
    }

    /// <summary>Greedy descent from the entry point to the nearest node found on <paramref name="layer"/> + 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Candidate Descend(GraphStore store, byte* query, uint entry, int entryLayer, int layer, SearchScratch scratch)
    {
        var best = new Candidate(TRows.Distance(store, query, TRows.Row(store, entry)), entry);
        long computed = 1;
        uint slotCount = store.SlotCount;
        int capacity = store.Parameters.M;
        uint* neighbors = stackalloc uint[GraphParameters.MaxM];
        float* distances = stackalloc float[GraphParameters.MaxM];
        for (int current = entryLayer; current > layer; current--)
        {
            bool moved = true;
            while (moved)
            {
                moved = false;
                uint* row = store.Links(best.Ordinal, current);
                scratch.Expansions++;
                int count = 0;
                for (int i = 0; i < capacity; i++)
                {
                    uint node = row[i];
                    // Above it lie the ends of lists, and nodes linked after the search began.
                    if (node < slotCount)
                    {
                        PrefetchRow(store, node);
                        neighbors[count++] = node;
                    }
                }

                Compute(store, query, neighbors, count, distances);
                computed += count;
                for (int i = 0; i < count; i++)
                {
                    if (distances[i] < best.Distance)
                    {
                        best = new Candidate(distances[i], neighbors[i]);
                        moved = true;
                    }
                }
            }
        }

        scratch.DistanceComputations += computed;
        return best;
    }

    /// <summary>
    /// The nearest live nodes found on the layer, as <see cref="SearchScratch.Results"/>. While few nodes are hidden, a walk that does
    /// not look out for them, and leaves them out at its end, is cheaper; it is only made again with them as a filter if it leaves fewer
    /// than are wanted.
    /// </summary>
    public static FilteredWalk SearchLive(
        GraphStore store, byte* query, Candidate start, int layer, in WalkLimits limits, SearchScratch scratch, CancellationToken cancellation)
    {
        int hidden = scratch.Hidden;
        // Out of the nodes that are linked. Slots that requests have reserved must not count: what a plan finds would depend on them.
        if (hidden <= (store.LiveCount + hidden) / MinNodesPerHidden)
        {
            if (!SearchLayer(store, query, start, layer, limits, scratch, cancellation))
            {
                return FilteredWalk.Cancelled;
            }

            if (hidden == 0 || LeaveOutHidden(store, scratch) >= limits.Wanted(scratch.Pool))
            {
                return FilteredWalk.Complete;
            }
        }

        return SearchLayerFiltered(store, query, start, layer, limits, store.Live, scratch, cancellation);
    }

    private static int LeaveOutHidden(GraphStore store, SearchScratch scratch)
    {
        CandidatePool walked = scratch.Pool;
        CandidatePool live = scratch.Accepted;
        live.Reset(walked.Count);
        for (int i = 0; i < walked.Count; i++)
        {
            Candidate candidate = walked[i];
            if (store.IsLive(candidate.Ordinal))
            {
                live.Insert(candidate.Distance, candidate.Ordinal);
            }
        }

        scratch.Results = live;
        return live.Count;
    }

    /// <summary>
    /// Algorithm 2 without a filter: fills <see cref="SearchScratch.Pool"/> with the nearest nodes found on the layer, live or not.
    /// False when cancelled.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool SearchLayer(
        GraphStore store, byte* query, Candidate start, int layer, in WalkLimits limits, SearchScratch scratch, CancellationToken cancellation)
    {
        CandidatePool pool = scratch.Pool;
        VisitedSet visited = scratch.Visited;
        int capacity = store.Parameters.MaxLinks(layer);
        scratch.Distances.EnsureLength((GraphParameters.MaxM * 2) + LanesPerMask);
        float* distances = scratch.Distances.Pointer;
        pool.Reset(limits.Width);
        visited.Reset(store.SlotCount, scratch.HeldOut);
        visited.TryAdd(start.Ordinal);
        pool.Insert(start.Distance, start.Ordinal);
        long hops = 0;
        float reach = float.PositiveInfinity;
        int pendingFirst = 0;
        int pendingCount = 0;
        while (true)
        {
            bool more = pool.TryExpand(reach, out uint node);
            int first = 0;
            if (more)
            {
                first = Collect(store, node, layer, capacity, visited);
                hops++;
            }
            else if (pendingCount == 0)
            {
                break;
            }

            uint* batch = visited.Met + pendingFirst;
            Compute(store, query, batch, pendingCount, distances);
            for (int i = 0; i < pendingCount; i += LanesPerMask)
            {
                for (uint nearer = NearerThan(distances + i, pendingCount - i, Math.Min(pool.Worst, reach)); nearer != 0; nearer &= nearer - 1)
                {
                    int at = i + BitOperations.TrailingZeroCount(nearer);
                    // Likely to be expanded soon: its links are on the way while the others are inserted.
                    PrefetchLinks(store, batch[at], layer);
                    pool.Insert(distances[at], batch[at]);
                }
            }

            reach = limits.Reach(pool);
            pendingFirst = first;
            pendingCount = more ? visited.Count - first : 0;
            if (hops % HopsBetweenCancellationChecks == 0 && cancellation.IsCancellationRequested)
            {
                return false;
            }
        }

        scratch.Expansions += hops;
        scratch.DistanceComputations += visited.Count - 1;
        scratch.Results = pool;
        return true;
    }

    /// <summary>
    /// Compares with every accepted node: fills <see cref="SearchScratch.Accepted"/> with the <paramref name="k"/> nearest.
    /// False when cancelled.
    /// </summary>
    /// <param name="bound">What is not nearer is left out.</param>
    /// <param name="movable">The rows are vectors that need not be in memory.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool SearchExact(
        GraphStore store, byte* query, int k, float bound, OrdinalWords accept, bool movable, SearchScratch scratch, CancellationToken cancellation)
    {
        const int Batch = 64;
        uint* ordinals = stackalloc uint[Batch];
        float* distances = stackalloc float[Batch];
        CandidatePool accepted = scratch.Accepted;
        accepted.Reset(k, bound);
        long computed = 0;
        int filled = 0;
        for (int word = 0; word < accept.WordCount; word++)
        {
            for (ulong rest = accept.Word(word); rest != 0; rest &= rest - 1)
            {
                uint ordinal = (uint)(word << 6) + (uint)BitOperations.TrailingZeroCount(rest);
                ordinals[filled++] = ordinal;
                if (!movable)
                {
                    PrefetchRow(store, ordinal);
                }

                if (filled == Batch)
                {
                    Admit(filled);
                    filled = 0;
                    if (cancellation.IsCancellationRequested)
                    {
                        return false;
                    }
                }
            }
        }

        Admit(filled);
        scratch.DistanceComputations += computed;
        scratch.Results = accepted;
        return true;

        void Admit(int count)
        {
            if (movable)
            {
                ComputeMovable(store, query, ordinals, count, distances, scratch);
            }
            else
            {
                Compute(store, query, ordinals, count, distances);
            }

            computed += count;
            for (int i = 0; i < count; i++)
            {
                if (distances[i] < accepted.Worst)
                {
                    accepted.Insert(distances[i], ordinals[i]);
                }
            }
        }
    }

    /// <summary>Distances of one vector to many nodes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute(GraphStore store, byte* query, uint* nodes, int count, float* distances)
    {
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            TRows.Distance4(
                store,
                query,
                TRows.Row(store, nodes[i]),
                TRows.Row(store, nodes[i + 1]),
                TRows.Row(store, nodes[i + 2]),
                TRows.Row(store, nodes[i + 3]),
                distances + i);
        }

        for (; i < count; i++)
        {
            distances[i] = TRows.Distance(store, query, TRows.Row(store, nodes[i]));
        }
    }

    /// <summary>As above, of vectors that need not be in memory: those that are not are read together.</summary>
    public static void ComputeMovable(GraphStore store, byte* query, uint* nodes, int count, float* distances, SearchScratch scratch)
    {
        store.CopyVectors(new ReadOnlySpan<uint>(nodes, count), scratch.Rows, scratch.Vector);
        byte* row = scratch.Rows.Pointer;
        int bytes = store.VectorBytes;
        int i = 0;
        for (; i + 4 <= count; i += 4, row += 4 * bytes)
        {
            TRows.Distance4(store, query, row, row + bytes, row + (2 * bytes), row + (3 * bytes), distances + i);
        }

        for (; i < count; i++, row += bytes)
        {
            distances[i] = TRows.Distance(store, query, row);
        }
    }

    /// <summary>Adds the neighbours not met before to the visited set and prefetches their vectors. Returns where they start in it.</summary>
    private static int Collect(GraphStore store, uint node, int layer, int capacity, VisitedSet visited)
    {
        int first = visited.Count;
        visited.AddRow(store.Links(node, layer), capacity);
        uint* met = visited.Met;
        for (int i = first; i < visited.Count; i++)
        {
            PrefetchRow(store, met[i]);
        }

        return first;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchRow(GraphStore store, uint ordinal)
    {
        if (Sse.IsSupported)
        {
            byte* row = TRows.Row(store, ordinal);
            int bytes = Math.Min(TRows.UsedBytes(store), MaxPrefetchedLines * CacheLine.Bytes);
            for (int offset = 0; offset < bytes; offset += CacheLine.Bytes)
            {
                Sse.Prefetch0(row + offset);
            }
        }
    }

    /// <summary>A bit for each of the first distances, sixteen at most, that is smaller than a bound. Reads sixteen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint NearerThan(float* distances, int count, float bound)
    {
        var nearer = (uint)Vector512.LessThan(Vector512.Load(distances), Vector512.Create(bound)).ExtractMostSignificantBits();
        return nearer & (uint)((1UL << Math.Min(count, LanesPerMask)) - 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchLinks(GraphStore store, uint node, int layer)
    {
        if (Sse.IsSupported)
        {
            var address = (byte*)store.Links(node, layer);
            Sse.Prefetch0(address);
            Sse.Prefetch0(address + CacheLine.Bytes);
        }
    }
}
