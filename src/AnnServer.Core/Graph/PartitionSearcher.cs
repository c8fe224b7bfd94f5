using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AnnServer.Core.Filtering;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <summary>Looks for the nearest matching points in the parts near a query; see <see cref="PartSeeker"/>.</summary>
internal static unsafe partial class PartitionSearcher
{
    private const int PartsBetweenCancellationChecks = 32;

    // Members that are looked up one after another, before those of them that match are compared.
    private const int Tested = 128;
    private const int Lanes = 16;

    // What looking members up counts against the budget. It takes less than half of that, but who looks so many up is far from what
    // matches.
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

    private static void AddMatching(Partitions partitions, uint* members, int count, OrdinalWords accept, ref Comparison comparison)
    {
        uint* found = stackalloc uint[Tested + Lanes];
        ulong* outside = partitions.Outside;
        for (int first = 0; first < count; first += Tested)
        {
            int matching = CopyMatching(members + first, Math.Min(Tested, count - first), accept, found);
            int inside = 0;
            for (int i = 0; i < matching; i++)
            {
                uint ordinal = found[i];
                found[inside] = ordinal;
                inside += (int)(~outside[ordinal >> 6] >> (int)(ordinal & 63)) & 1;
            }

            comparison.Add(found, inside);
        }
    }

    // Whether a member matches is as good as random: a branch would be guessed wrong. Sixteen at a time take 1.05 ns each, one by one 1.9.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CopyMatching(uint* members, int count, OrdinalWords accept, uint* found)
    {
        int matching = 0;
        int i = 0;
        if (Avx512F.IsSupported && accept.WordCount > 0)
        {
            var limit = Vector512.Create((uint)accept.WordCount << 6);
            for (; i + Lanes <= count; i += Lanes)
            {
                Vector512<uint> ordinals = Vector512.Load(members + i);
                // None from there on was when the filter was evaluated.
                Vector512<uint> known = Vector512.LessThan(ordinals, limit);
                Vector512<uint> matches = ~Vector512.Equals(accept.Bits(ordinals & known), Vector512<uint>.Zero) & known;
                Avx512F.Compress(Vector512<uint>.Zero, matches, ordinals).Store(found + matching);
                matching += BitOperations.PopCount(matches.ExtractMostSignificantBits());
            }
        }

        for (; i < count && members[i] >> 6 < (uint)accept.WordCount; i++)
        {
            found[matching] = members[i];
            matching += (int)(accept.Word((int)(members[i] >> 6)) >> (int)(members[i] & 63)) & 1;
        }

        return matching;
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
