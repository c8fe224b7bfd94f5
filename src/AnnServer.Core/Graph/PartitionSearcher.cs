using System.Numerics;
using System.Runtime.CompilerServices;
using AnnServer.Core.Filtering;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <summary>Looks for the nearest matching points in the parts near a query; see <see cref="PartSeeker"/>.</summary>
internal static unsafe partial class PartitionSearcher
{
    private const int PartsBetweenCancellationChecks = 32;

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
        scratch.Distances.EnsureLength(PartSeeker.FloatsFor(parts));
        float* floats = scratch.Distances.Pointer;
        for (int part = 0; part < parts; part += 4)
        {
            CodeRows.Distance4(
                store, query, centres.Code(part), centres.Code(part + 1), centres.Code(part + 2), centres.Code(part + 3), floats + part);
        }

        var seeker = new PartSeeker(centres, effort, store.Origin, floats);

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

        var outcome = FilteredWalk.Complete;
        while (seeker.TryNext(Reach(store, nearest, effort.K), out int part))
        {
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

            seeker.Looked(part, comparison.Added - before);
            if (comparison.Added + (seeker.Tested / TestsPerDistance) > effort.Budget || (effort.LeavesDense && seeker.IsDense))
            {
                outcome = FilteredWalk.GivenUp;
                break;
            }

            if (seeker.Visited % PartsBetweenCancellationChecks == 0 && cancellation.IsCancellationRequested)
            {
                return FilteredWalk.Cancelled;
            }
        }

        comparison.Finish();
        scratch.Expansions += seeker.Visited;
        scratch.DistanceComputations += parts + comparison.Added;
        scratch.MembersTested += seeker.Tested;
        scratch.Results = nearest;
        return outcome;
    }

    // How far away points may be that are among the k nearest.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Reach(GraphStore store, CandidatePool nearest, int k) =>
        nearest.Count < k ? float.PositiveInfinity : nearest[k - 1].Distance - store.Origin;

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
