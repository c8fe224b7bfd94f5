using System.Numerics;
using System.Runtime.CompilerServices;
using AnnServer.Core.Filtering;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <summary>
/// Looks for the nearest matching points in the parts near a query, the nearest first. Whether a part is worth a look is told by how near its
/// points come: a squared length from its centre, less what its points lie around that. A part is left out where this is more than a factor
/// times the k-th distance found so far. The factor that reaches a recall is nearly the same for all filters, since the k-th distance says how
/// far away their points are.
/// </summary>
internal static unsafe class PartitionSearcher
{
    private const int Bins = 256;
    private const int PartsBetweenCancellationChecks = 32;

    // Where fewer points match near the query than elsewhere, they are looked for farther out, by so much for each halving. Of fewer points that
    // were looked at nothing can be told.
    private const float MorePerHalving = 0.2f;
    private const int LeastTested = 512;

    /// <summary>Fills <see cref="SearchScratch.Accepted"/> with the nearest by their codes. False when cancelled.</summary>
    /// <param name="effort">Its <see cref="SearchEffort.Slack"/> is the factor.</param>
    /// <param name="matches">What the filter leaves by parts, where that is known.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Search(
        GraphStore store,
        Partitions partitions,
        byte* query,
        in SearchEffort effort,
        OrdinalWords accept,
        PartitionedMatches? matches,
        SearchScratch scratch,
        CancellationToken cancellation)
    {
        int parts = partitions.Count;
        scratch.Distances.EnsureLength(parts);
        scratch.Nodes.EnsureLength(parts);
        float* keys = scratch.Distances.Pointer;
        uint* order = scratch.Nodes.Pointer;
        float binWidth = Order(store, partitions, query, keys, order);

        CandidatePool nearest = scratch.Accepted;
        nearest.Reset(effort.Width);
        uint* buffers = stackalloc uint[2 * Comparison.Chunk];
        var comparison = new Comparison(store, query, nearest, buffers);
        if (matches is null)
        {
            AddOutside(partitions, accept, ref comparison);
        }
        else
        {
            uint* outside = matches.Of(parts, out int count);
            comparison.Add(outside, count);
        }

        long tested = 0;
        long matched = 0;
        int visited = 0;
        for (int i = 0; i < parts; i++)
        {
            int part = (int)order[i];
            float reach = Reach(store, nearest, effort, tested, matched);
            if (keys[part] > reach)
            {
                // Within a bin they are in no order.
                if (keys[part] > reach + binWidth)
                {
                    break;
                }

                continue;
            }

            uint* members = partitions.Members(part, out int memberCount);
            int before = comparison.Added;
            if (matches is null)
            {
                AddMatching(partitions, members, memberCount, accept, ref comparison);
            }
            else
            {
                uint* matching = matches.Of(part, out int count);
                comparison.Add(matching, count);
            }

            tested += memberCount;
            matched += comparison.Added - before;
            if (++visited % PartsBetweenCancellationChecks == 0 && cancellation.IsCancellationRequested)
            {
                return false;
            }
        }

        comparison.Finish();
        scratch.Expansions += visited;
        scratch.DistanceComputations += parts + comparison.Added;
        scratch.Results = nearest;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Reach(GraphStore store, CandidatePool nearest, in SearchEffort effort, long tested, long matched)
    {
        if (nearest.Count < effort.K)
        {
            return float.PositiveInfinity;
        }

        float slack = effort.Slack;
        if (tested >= LeastTested && effort.Share < 1)
        {
            float local = Math.Max(1f, matched) / tested;
            slack = local < effort.Share
                ? slack * (1 + (MorePerHalving * MathF.Log2(effort.Share / local)))
                // As effort between measurements is, in the logarithm of the share.
                : slack + (Math.Max(0, effort.DenseSlack - slack) * (1 - (MathF.Log(local) / MathF.Log(effort.Share))));
        }

        return slack * (nearest[effort.K - 1].Distance - store.Origin);
    }

    // The parts by how near their points come, and how much two of a bin may differ in that. Sorting them takes ten times as long.
    private static float Order(GraphStore store, Partitions partitions, byte* query, float* keys, uint* order)
    {
        int parts = partitions.Count;
        float least = float.PositiveInfinity;
        float most = float.NegativeInfinity;
        for (int part = 0; part < parts; part += 4)
        {
            CodeRows.Distance4(
                store,
                query,
                partitions.Centre(part),
                partitions.Centre(part + 1),
                partitions.Centre(part + 2),
                partitions.Centre(part + 3),
                keys + part);
        }

        for (int part = 0; part < parts; part++)
        {
            keys[part] -= store.Origin + partitions.Spreads[part];
            least = Math.Min(least, keys[part]);
            most = Math.Max(most, keys[part]);
        }

        // Where distances are beyond what floats hold, all are in the first: then all parts are looked at.
        float perBin = (most - least) / (Bins - 1);
        float scale = perBin > 0 && float.IsFinite(perBin) ? 1 / perBin : 0;
        int* ends = stackalloc int[Bins + 1];
        new Span<int>(ends, Bins + 1).Clear();
        for (int part = 0; part < parts; part++)
        {
            ends[Bin(keys[part]) + 1]++;
        }

        for (int bin = 0; bin < Bins; bin++)
        {
            ends[bin + 1] += ends[bin];
        }

        for (int part = 0; part < parts; part++)
        {
            order[ends[Bin(keys[part])]++] = (uint)part;
        }

        return scale > 0 ? perBin : float.PositiveInfinity;

        int Bin(float key) => Math.Clamp((int)((key - least) * scale), 0, Bins - 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddMatching(Partitions partitions, uint* members, int count, OrdinalWords accept, ref Comparison comparison)
    {
        uint* found = stackalloc uint[Comparison.Chunk];
        ulong* outside = partitions.Outside;
        for (int first = 0; first < count; first += Comparison.Chunk)
        {
            int end = Math.Min(count, first + Comparison.Chunk);
            int filled = 0;
            for (int i = first; i < end; i++)
            {
                uint ordinal = members[i];
                int word = (int)(ordinal >> 6);
                // In ascending order: none that follows was there when the filter was evaluated.
                if (word >= accept.WordCount)
                {
                    break;
                }

                // Whether it is one is as good as random: a branch would be guessed wrong.
                found[filled] = ordinal;
                filled += (int)((accept.Word(word) & ~outside[word]) >> (int)(ordinal & 63)) & 1;
            }

            comparison.Add(found, filled);
        }
    }

    private static void AddOutside(Partitions partitions, OrdinalWords accept, ref Comparison comparison)
    {
        uint* found = stackalloc uint[64];
        ulong* outside = partitions.Outside;
        int words = partitions.OutsideWords;
        for (int word = 0; word < accept.WordCount; word++)
        {
            ulong rest = accept.Word(word) & (word < words ? outside[word] : ulong.MaxValue);
            if (rest == 0)
            {
                continue;
            }

            int filled = 0;
            for (; rest != 0; rest &= rest - 1)
            {
                found[filled++] = (uint)(word << 6) + (uint)BitOperations.TrailingZeroCount(rest);
            }

            comparison.Add(found, filled);
        }
    }

    /// <summary>Compares rows a few at a time, while the next are being fetched.</summary>
    private ref struct Comparison(GraphStore store, byte* query, CandidatePool nearest, uint* buffers)
    {
        /// <summary>Rows that are fetched while as many are compared.</summary>
        public const int Chunk = 32;

        private uint* _fetching = buffers;
        private uint* _fetched = buffers + Chunk;
        private int _fetchingCount;
        private int _fetchedCount;

        public int Added { get; private set; }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(uint* ordinals, int count)
        {
            Added += count;
            for (int i = 0; i < count; i++)
            {
                _fetching[_fetchingCount++] = ordinals[i];
                HnswSearcher<CodeRows>.PrefetchRow(store, ordinals[i]);
                if (_fetchingCount == Chunk)
                {
                    Compare();
                }
            }
        }

        public void Finish()
        {
            Compare();
            Compare();
        }

        // Those whose rows have had time to come.
        [MethodImpl(MethodImplOptions.NoInlining)]
        private void Compare()
        {
            float* distances = stackalloc float[Chunk];
            HnswSearcher<CodeRows>.Compute(store, query, _fetched, _fetchedCount, distances);
            for (int i = 0; i < _fetchedCount; i++)
            {
                if (distances[i] < nearest.Worst)
                {
                    nearest.Insert(distances[i], _fetched[i]);
                }
            }

            uint* others = _fetched;
            _fetched = _fetching;
            _fetchedCount = _fetchingCount;
            _fetching = others;
            _fetchingCount = 0;
        }
    }
}
