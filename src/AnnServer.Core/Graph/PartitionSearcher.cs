using System.Numerics;
using System.Runtime.CompilerServices;
using AnnServer.Core.Filtering;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <summary>
/// Looks for the nearest matching points in the parts near a query, the nearest first. By the law of cosines a point of a part is at
/// d² = c² + r² - 2 c r cos θ, with c the distance of the centre from the query, r that of the point from the centre, and θ the angle between
/// the two as seen from the centre. In many dimensions hardly any point has a large cosine: a part is left out where even one of the
/// given cosine, at the mean r of its points, would be farther than the k-th found so far. At a cosine of 1 that is the triangle inequality. The
/// k-th distance says how far away the points of a filter are; so it holds for those far from the query, too.
/// </summary>
internal static unsafe class PartitionSearcher
{
    private const int Bins = 256;
    private const int PartsBetweenCancellationChecks = 32;

    // Of fewer points that were looked at nothing can be told.
    private const int LeastTested = 512;

    // To look a member up takes about a fourth of what a distance does; both count against the budget.
    private const int TestsPerDistance = 4;

    /// <summary>Fills <see cref="SearchScratch.Accepted"/> with the nearest by their codes.</summary>
    /// <param name="partitions">Whose members are looked up in what the filter leaves; of no matter where that is known by parts.</param>
    /// <param name="effort">Its <see cref="SearchEffort.Slack"/> is the cosine.</param>
    /// <param name="matches">What the filter leaves by parts, where that is known.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static FilteredWalk Search(
        GraphStore store,
        Partitions? partitions,
        byte* query,
        in SearchEffort effort,
        OrdinalWords accept,
        PartitionedMatches? matches,
        SearchScratch scratch,
        CancellationToken cancellation)
    {
        PartitionCentres centres = matches?.Centres ?? partitions!.Centres;
        int parts = centres.Count;
        scratch.Distances.EnsureLength(2 * parts);
        scratch.Nodes.EnsureLength(parts);
        float* keys = scratch.Distances.Pointer;
        float* perCosine = keys + parts;
        uint* order = scratch.Nodes.Pointer;
        float margin = Order(store, centres, query, effort, keys, perCosine, order);

        CandidatePool nearest = scratch.Accepted;
        nearest.Reset(effort.Width);
        uint* buffers = stackalloc uint[2 * Comparison.Chunk];
        var comparison = new Comparison(store, query, nearest, buffers);
        if (matches is null)
        {
            AddOutside(partitions!, accept, ref comparison);
        }
        else
        {
            uint* outside = matches.Of(parts, out int count);
            comparison.Add(outside, count);
        }

        long tested = 0;
        long matched = 0;
        float more = 0;
        int visited = 0;
        var outcome = FilteredWalk.Complete;
        for (int i = 0; i < parts; i++)
        {
            int part = (int)order[i];
            float reach = nearest.Count < effort.K ? float.PositiveInfinity : nearest[effort.K - 1].Distance - store.Origin;
            if (keys[part] - (more * perCosine[part]) > reach)
            {
                // Within a bin they are in no order, nor by another cosine than that at the beginning.
                if (keys[part] > reach + margin)
                {
                    break;
                }

                continue;
            }

            int before = comparison.Added;
            if (matches is null)
            {
                uint* members = partitions!.Members(part, out int memberCount);
                AddMatching(partitions, members, memberCount, accept, ref comparison);
            }
            else
            {
                uint* matching = matches.Of(part, out int count);
                comparison.Add(matching, count);
            }

            tested += centres.Sizes[part];
            matched += comparison.Added - before;
            // The parts that come first are nearest: what is dense there stays so, however little matches farther out.
            more = Math.Max(more, More(effort, tested, matched));
            if (comparison.Added + (tested / TestsPerDistance) > effort.Budget)
            {
                outcome = FilteredWalk.OverBudget;
                break;
            }

            if (++visited % PartsBetweenCancellationChecks == 0 && cancellation.IsCancellationRequested)
            {
                return FilteredWalk.Cancelled;
            }
        }

        comparison.Finish();
        scratch.Expansions += visited;
        scratch.DistanceComputations += parts + comparison.Added;
        scratch.MembersTested += tested;
        scratch.Results = nearest;
        return outcome;
    }

    // Where more match near the query than elsewhere, the cosine goes to that for all points, in the logarithm of the share, and is there halfway:
    // of the parts that hold the nearest some are met before others that are as dense.
    private static float More(in SearchEffort effort, long tested, long matched) =>
        tested < LeastTested || effort.DenseSlack <= effort.Slack || matched <= effort.Share * tested
            ? 0
            : (effort.DenseSlack - effort.Slack) * Math.Min(1, 2 * (1 - (MathF.Log((float)matched / tested) / MathF.Log(effort.Share))));

    // The parts by how near their points may come, and by how much one that comes later may be nearer. Sorting them takes ten times as long.
    private static float Order(
        GraphStore store, PartitionCentres centres, byte* query, in SearchEffort effort, float* keys, float* perCosine, uint* order)
    {
        int parts = centres.Count;
        float least = float.PositiveInfinity;
        float most = float.NegativeInfinity;
        float mostPerCosine = 0;
        for (int part = 0; part < parts; part += 4)
        {
            CodeRows.Distance4(
                store,
                query,
                centres.Code(part),
                centres.Code(part + 1),
                centres.Code(part + 2),
                centres.Code(part + 3),
                keys + part);
        }

        for (int part = 0; part < parts; part++)
        {
            // By their codes it may be a little nearer than the origin.
            float distance = Math.Max(0, keys[part] - store.Origin);
            float spread = centres.Spreads[part];
            perCosine[part] = 2 * MathF.Sqrt(distance * spread);
            keys[part] = distance + spread - (effort.Slack * perCosine[part]);
            mostPerCosine = Math.Max(mostPerCosine, perCosine[part]);
            least = Math.Min(least, keys[part]);
            most = Math.Max(most, keys[part]);
        }

        // Where distances are beyond what floats hold, all are in the first, in no order: each is then looked at unless its own is too far.
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

        return scale > 0 ? perBin + (Math.Max(0, effort.DenseSlack - effort.Slack) * mostPerCosine) : float.PositiveInfinity;

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
