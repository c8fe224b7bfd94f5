using AnnServer.Core.Filtering;
using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying.Shapes;

/// <summary>
/// Finds groups: an ordinary search for more points than are wanted first; while groups are missing, or points of those there are, further
/// ones among what can still be missing alone; and in the end all of that, in the order of its distance. There are as many groups as
/// were asked for whenever so many match.
/// </summary>
internal sealed class GroupedSearch(
    SearchExecutor executor, CollectionData data, PointReader reader, CollectionConfig config, SearchScratch scratch)
{
    // Points that the first search looks for, for each that is wanted; under a default ef so many cost no more than one.
    private const int PointsPerResult = 2;
    private const int LeastPoints = 64;

    // Of each further one. A walk gets slow with pools much larger than that.
    private const int Growth = 4;
    private const int MostPoints = 4096;

    private const int MaxRounds = 4;

    // Compared at once.
    private const int Batch = 64;

    public static SearchQuery First(SearchQuery query, GroupBy groups) =>
        query with { K = Math.Max(LeastPoints, query.K * groups.Size * PointsPerResult), GroupBy = null };

    public SearchReport Run(SearchQuery query, GroupBy wanted, FilterState filter, out List<Pick> picks, CancellationToken cancellation)
    {
        GroupSet groups = new(new GroupAttribute(wanted.Attribute), query.K, wanted.Size);
        SearchQuery search = First(query, wanted);
        long revision = filter.Revision(data);
        SearchReport report = executor.Run(search, filter, config, scratch, cancellation);
        bool hasMore = TakeAll(search, groups);
        for (int round = 1; hasMore && groups.Missing() is { } missing; round++)
        {
            FilterState rest = Narrow(filter, missing, revision, cancellation);
            search.K = Math.Max(search.K, Math.Min(search.K * Growth, MostPoints));
            hasMore = rest.Matching > 0 && round < MaxRounds
                && executor.Plan(search, rest, config, out _, out _).Strategy != SearchStrategy.Exact;
            if (hasMore)
            {
                report = Sum(report, executor.Run(search, rest, config, scratch, cancellation));
                hasMore = TakeAll(search, groups);
            }
            else if (rest.Matching > 0)
            {
                scratch.ResetCounters();
                groups.OfferInOrder(InOrder(query, rest.Evaluate(reader, data, cancellation)!, cancellation));
                report = report with { DistanceComputations = report.DistanceComputations + scratch.DistanceComputations };
            }

            rest.Forget(reader);
        }

        picks = groups.ToPicks();
        return report;
    }

    // False where there were fewer points than were looked for: then all have been met.
    private bool TakeAll(SearchQuery search, GroupSet groups)
    {
        int taken = 0;
        while (taken < scratch.ResultCount && IsWithin(search, scratch.Result(taken)))
        {
            Candidate candidate = scratch.Result(taken++);
            groups.Offer(candidate, data.Attributes.Get(candidate.Ordinal));
        }

        return taken >= search.K;
    }

    private FilterState Narrow(FilterState filter, Predicate missing, long revision, CancellationToken cancellation)
    {
        OrdinalBitmap? accepted = filter.Evaluate(reader, data, cancellation);
        return FilterState.Of(
            new CompiledFilter(missing, config), accepted is null ? reader.Matching(missing, cancellation) : reader.Matching(missing, accepted, cancellation), revision);
    }

    private IEnumerable<(Candidate Candidate, byte[]? Blob)> InOrder(
        SearchQuery query, OrdinalBitmap points, CancellationToken cancellation)
    {
        PriorityQueue<uint, float> nearest = Compare(query, points, cancellation);
        while (nearest.TryDequeue(out uint ordinal, out float distance) && IsWithin(query, new Candidate(distance, ordinal)))
        {
            yield return (new Candidate(distance, ordinal), data.Attributes.Get(ordinal));
        }
    }

    private PriorityQueue<uint, float> Compare(SearchQuery query, OrdinalBitmap points, CancellationToken cancellation)
    {
        List<(uint, float)> compared = new(points.Count());
        Span<uint> ordinals = stackalloc uint[Batch];
        Span<float> distances = stackalloc float[Batch];
        int filled = 0;
        foreach (uint ordinal in points)
        {
            ordinals[filled++] = ordinal;
            if (filled == Batch)
            {
                cancellation.ThrowIfCancellationRequested();
                Add(ordinals, distances);
                filled = 0;
            }
        }

        Add(ordinals[..filled], distances[..filled]);
        return new PriorityQueue<uint, float>(compared);

        void Add(ReadOnlySpan<uint> ordinals, Span<float> distances)
        {
            data.Index.Compare(query.Vector.Span, ordinals, distances, scratch);
            for (int i = 0; i < ordinals.Length; i++)
            {
                // As in other searches, a distance that is none is no result.
                if (!float.IsNaN(distances[i]))
                {
                    compared.Add((ordinals[i], distances[i]));
                }
            }
        }
    }

    private bool IsWithin(SearchQuery query, Candidate candidate) => query.ScoreThreshold is not { } threshold
        || !RangePlan.IsBeyond(config.Metric, CollectionData.ToScore(config.Metric, candidate.Distance), threshold);

    private static SearchReport Sum(in SearchReport first, in SearchReport next) => first with
    {
        EfUsed = Math.Max(first.EfUsed, next.EfUsed),
        DistanceComputations = first.DistanceComputations + next.DistanceComputations,
        Expansions = first.Expansions + next.Expansions,
        ExactFallback = first.ExactFallback || next.ExactFallback,
        FilterMicroseconds = first.FilterMicroseconds + next.FilterMicroseconds,
        SearchMicroseconds = first.SearchMicroseconds + next.SearchMicroseconds,
    };
}
