using System.Numerics;
using System.Runtime.CompilerServices;
using AnnServer.Core.Kernels;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <content>
/// Many queries in the parts of one division (Mohoney et al., High-throughput vector similarity search in knowledge graphs, SIGMOD 2023): the
/// points of a part are fetched once for all who look there, and compared with sixteen of them at a time.
/// </content>
internal static unsafe partial class PartitionSearcher
{
    // Parts in which each looks before any goes on; then in so many times more: what was found tells how far to go. Each time the points are
    // fetched again, for fewer queries.
    private const int FirstParts = 8;
    private const int MoreParts = 4;

    // Fewer queries, or with one row, are compared one after another: to put sixteen beside each other takes as long as a row or two
    // with each of them.
    private const int LeastLanes = 3;
    private const int LeastRows = 2;

    // Points that are at hand while all who look there are compared with them.
    private const int Tile = 256;

    /// <summary>Each query looks at least where <see cref="Search"/> has it look. False when cancelled.</summary>
    /// <param name="queries">With a row each.</param>
    /// <param name="wanted">As many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool SearchShared(
        GraphStore store,
        SharedQueries queries,
        ReadOnlySpan<SharedQuery> wanted,
        PartitionedMatches matches,
        PartSchedule schedule,
        CancellationToken cancellation)
    {
        PartitionCentres centres = matches.Centres;
        schedule.Begin(wanted.Length, centres.Count);
        queries.SetBlocks(1, CodeRows.BlockBytes(store));
        if (!MeasureCentres(store, queries, centres, schedule, cancellation))
        {
            return false;
        }

        for (int i = 0; i < wanted.Length; i++)
        {
            schedule.Seeker(i) = new PartSeeker(centres, wanted[i].Effort, store.Origin, schedule.Floats(i));
        }

        for (int most = FirstParts; Choose(store, queries, wanted, matches, schedule, most); most *= MoreParts)
        {
            ushort* lookers = null;
            int lookerCount = 0;
            uint* rows = null;
            int count = 0;
            for (int place = 0; place < schedule.Places; place++)
            {
                ushort* nextLookers = schedule.Lookers(place, out int nextLookerCount);
                uint* nextRows = matches.Of(place, out int nextCount);
                // While the tile before is compared, this one is being fetched.
                for (int first = 0; nextLookerCount > 0 && first < nextCount; first += Tile)
                {
                    int several = Math.Min(Tile, nextCount - first);
                    var ahead = new Ahead(nextRows + first, several);
                    Compare(store, queries, lookers, lookerCount, rows, count, ref ahead);
                    ahead.Fetch(store, several);
                    lookers = nextLookers;
                    lookerCount = nextLookerCount;
                    rows = nextRows + first;
                    count = several;
                    if (cancellation.IsCancellationRequested)
                    {
                        return false;
                    }
                }
            }

            Ahead none = default;
            Compare(store, queries, lookers, lookerCount, rows, count, ref none);
        }

        matches.Of(centres.Count, out int outside);
        for (int i = 0; i < wanted.Length; i++)
        {
            ref PartSeeker seeker = ref schedule.Seeker(i);
            queries.SetCounts(i, centres.Count + outside + seeker.Matched, seeker.Visited);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool MeasureCentres(
        GraphStore store, SharedQueries queries, PartitionCentres centres, PartSchedule schedule, CancellationToken cancellation)
    {
        byte* block = queries.Block(0);
        ushort* lookers = stackalloc ushort[QueryBlock.Lanes];
        float* distances = stackalloc float[RowGroup.Count * QueryBlock.Lanes];
        for (int first = 0; first < queries.Count; first += QueryBlock.Lanes)
        {
            int lanes = Math.Min(QueryBlock.Lanes, queries.Count - first);
            for (int lane = 0; lane < lanes; lane++)
            {
                lookers[lane] = (ushort)(first + lane);
            }

            SetBlock(store, queries, lookers, lanes);
            for (int part = 0; part < centres.Count; part += RowGroup.Count)
            {
                RowGroup group = centres.Group(part);
                CodeRows.SetTerms(store, block, &group);
                CodeRows.BlockDistances(store, block, lanes, &group, distances);
                for (int lane = 0; lane < lanes; lane++)
                {
                    float* floats = schedule.Floats(first + lane) + part;
                    for (int row = 0; row < RowGroup.Count; row++)
                    {
                        floats[row] = distances[(row * QueryBlock.Lanes) + lane];
                    }
                }
            }

            if (cancellation.IsCancellationRequested)
            {
                return false;
            }
        }

        return true;
    }

    // Who looks in which parts next; false if nobody does.
    private static bool Choose(
        GraphStore store, SharedQueries queries, ReadOnlySpan<SharedQuery> wanted, PartitionedMatches matches, PartSchedule schedule, int most)
    {
        bool isFirst = most == FirstParts;
        int outside = matches.Centres.Count;
        schedule.BeginRound();
        for (int i = 0; i < wanted.Length; i++)
        {
            if (isFirst)
            {
                schedule.Add(i, outside);
            }

            ref PartSeeker seeker = ref schedule.Seeker(i);
            float reach = Reach(store, queries.Nearest(i), wanted[i].Effort.K);
            for (int taken = 0; taken < most && seeker.TryNext(reach, out int part);)
            {
                matches.Of(part, out int count);
                seeker.Looked(part, count);
                if (count > 0)
                {
                    schedule.Add(i, part);
                    taken++;
                }
            }
        }

        return schedule.EndRound();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compare(GraphStore store, SharedQueries queries, ushort* lookers, int lookerCount, uint* rows, int count, ref Ahead ahead)
    {
        if (count < LeastRows)
        {
            CompareEach(store, queries, lookers, lookerCount, rows, count);
            return;
        }

        RowGroup* groups = stackalloc RowGroup[Tile / RowGroup.Count];
        for (int first = 0; first < lookerCount; first += QueryBlock.Lanes)
        {
            int lanes = Math.Min(QueryBlock.Lanes, lookerCount - first);
            if (lanes < LeastLanes)
            {
                CompareEach(store, queries, lookers + first, lanes, rows, count);
                return;
            }

            SetBlock(store, queries, lookers + first, lanes);
            if (first == 0)
            {
                HnswSearcher<CodeRows>.SetGroups(store, queries.Block(0), rows, count, copies: null, groups);
            }

            CompareBlock(store, queries, lookers + first, lanes, rows, count, groups, ref ahead);
        }
    }

    private static void CompareEach(GraphStore store, SharedQueries queries, ushort* lookers, int lookerCount, uint* rows, int count)
    {
        float* distances = stackalloc float[Tile];
        for (int i = 0; i < lookerCount; i++)
        {
            int query = lookers[i];
            HnswSearcher<CodeRows>.Compute(store, queries.Row(query), rows, count, distances);
            float worst = queries.Worst[query];
            for (int row = 0; row < count; row++)
            {
                if (distances[row] < worst)
                {
                    worst = queries.Insert(query, distances[row], rows[row]);
                }
            }
        }
    }

    private static void SetBlock(GraphStore store, SharedQueries queries, ushort* lookers, int lanes)
    {
        byte** rows = stackalloc byte*[QueryBlock.Lanes];
        for (int lane = 0; lane < lanes; lane++)
        {
            rows[lane] = queries.Row(lookers[lane]);
        }

        QueryBlock.Set(queries.Block(0), rows, lanes, store.CodeLength);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CompareBlock(
        GraphStore store, SharedQueries queries, ushort* lookers, int lanes, uint* rows, int count, RowGroup* groups, ref Ahead ahead)
    {
        byte* block = queries.Block(0);
        float* worst = stackalloc float[QueryBlock.Lanes];
        for (int lane = 0; lane < QueryBlock.Lanes; lane++)
        {
            worst[lane] = lane < lanes ? queries.Worst[lookers[lane]] : float.NegativeInfinity;
        }

        float* distances = stackalloc float[RowGroup.Count * QueryBlock.Lanes];
        for (int i = 0; i < count; i += RowGroup.Count)
        {
            ahead.Fetch(store, RowGroup.Count);
            CodeRows.BlockDistances(store, block, lanes, groups + (i / RowGroup.Count), distances);
            for (int row = 0; row < Math.Min(RowGroup.Count, count - i); row++)
            {
                float* ofRow = distances + (row * QueryBlock.Lanes);
                for (uint nearer = SharedQueries.Nearer(ofRow, worst); nearer != 0; nearer &= nearer - 1)
                {
                    int lane = BitOperations.TrailingZeroCount(nearer);
                    worst[lane] = queries.Insert(lookers[lane], ofRow[lane], rows[i + row]);
                }
            }
        }
    }

    /// <summary>Rows that are fetched while others are compared.</summary>
    private ref struct Ahead(uint* rows, int count)
    {
        private int _done;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Fetch(GraphStore store, int more)
        {
            for (int end = Math.Min(count, _done + more); _done < end; _done++)
            {
                HnswSearcher<CodeRows>.PrefetchRow(store, rows[_done]);
            }
        }
    }
}
