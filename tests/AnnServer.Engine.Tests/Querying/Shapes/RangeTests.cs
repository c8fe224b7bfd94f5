using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Querying.Shapes;

/// <summary>Searches with a score threshold against all scores in float64.</summary>
public sealed class RangeTests(ShapeSets sets) : IClassFixture<ShapeSets>
{
    private const double Target = 0.95;

    // Of all points, in thousandths; u is even over them.
    private static readonly int[] Shares = [1000, 500, 100, 5];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<Metric, string> Efforts => new(
        from metric in Enum.GetValues<Metric>()
        from effort in (string[])["default", "ef", "exact", "all", "recall"]
        select (metric, effort));

    [Theory]
    [MemberData(nameof(Efforts))]
    public void Search_Threshold_ReturnsWhatIsWithinUpToTheLimit(Metric metric, string effort)
    {
        Collection collection = sets.Of(metric);
        int returned = 0;
        int wanted = 0;
        foreach (float[] vector in sets.Queries)
        {
            foreach (int share in Shares)
            {
                (int Point, double Score)[] ranking = sets.Ranking(metric, vector, i => sets.Attributes[i]["u"].AsInt64() < share);
                foreach ((int within, int k) in ((int, int)[])[(5, 100), (60, 2000), (60, 20)])
                {
                    float threshold = Between(ranking, Math.Min(within, ranking.Length));
                    SearchQuery query = Query(vector, k, share, threshold, effort);
                    IReadOnlyList<SearchHit> hits = collection.Search(query, new Faults(), Cancellation).Value.Hits;
                    ulong[] truth = [.. ranking.Where(one => ShapeSets.IsWithin(metric, one.Score, threshold)).Take(k).Select(one => (ulong)one.Point)];

                    Assert.True(hits.Count <= truth.Length, $"{hits.Count} hits of {truth.Length}");
                    Assert.Equal(hits.Select(hit => hit.Score).OrderBy(score => metric == Metric.L2 ? score : -score), hits.Select(hit => hit.Score));
                    Assert.All(hits, hit => Assert.Equal(
                        ShapeSets.Score(metric, vector, sets.Vectors[hit.Id.Number]), hit.Score, 1e-4 * (1 + Math.Abs(hit.Score))));
                    int found = hits.Select(hit => hit.Id.Number).Intersect(truth).Count();
                    Assert.True(effort is not ("exact" or "all") || found == truth.Length, $"exact, but {found} of {truth.Length}");
                    returned += found;
                    wanted += truth.Length;
                }
            }
        }

        Assert.InRange(returned / (double)wanted, Target, 1);
    }

    /// <summary>What it is for: the limit costs nothing where few points are within.</summary>
    [Theory]
    [InlineData(Metric.L2, 1000)]
    [InlineData(Metric.Cosine, 1000)]
    [InlineData(Metric.Dot, 1000)]
    [InlineData(Metric.L2, 900)]
    public void Search_FewWithin_ComputesNoMoreForAGreaterLimit(Metric metric, int share)
    {
        long small = 0;
        long large = 0;
        long unbounded = 0;
        foreach (float[] vector in sets.Queries)
        {
            (int, double)[] ranking = sets.Ranking(metric, vector, i => sets.Attributes[i]["u"].AsInt64() < share);
            float threshold = Between(ranking, 5);
            small += Distances(Query(vector, 20, share, threshold, "ef") with { Ef = 16 });
            large += Distances(Query(vector, 1000, share, threshold, "ef") with { Ef = 16 });
            unbounded += Distances(Query(vector, 1000, share, null, "ef") with { Ef = 16 });
        }

        Assert.InRange(large, 1, (long)(1.1 * small));
        Assert.True(large < unbounded / 2, $"{large} distances, {unbounded} without a threshold");

        long Distances(SearchQuery query) => sets.Of(metric).Search(query, new Faults(), Cancellation).Value.Report.DistanceComputations;
    }

    [Theory]
    [InlineData(Metric.L2, -1, 0)]
    [InlineData(Metric.L2, float.NegativeInfinity, 0)]
    [InlineData(Metric.L2, float.PositiveInfinity, 50)]
    [InlineData(Metric.Cosine, 1.5f, 0)]
    [InlineData(Metric.Cosine, -1.5f, 50)]
    [InlineData(Metric.Dot, float.PositiveInfinity, 0)]
    [InlineData(Metric.Dot, float.NegativeInfinity, 50)]
    public void Search_ThresholdThatNoneOrAllReach_ReturnsNoneOrTheNearest(Metric metric, float threshold, int expected)
    {
        foreach (string effort in (string[])["default", "exact", "recall"])
        {
            foreach (int share in Shares[..3])
            {
                IReadOnlyList<SearchHit> hits =
                    sets.Of(metric).Search(Query(sets.Queries[0], 50, share, threshold, effort), new Faults(), Cancellation).Value.Hits;
                Assert.Equal(expected, hits.Count);
            }
        }
    }

    [Fact]
    public void Search_ScoreOfAPointAsThreshold_ReturnsThePoint()
    {
        foreach (Metric metric in Enum.GetValues<Metric>())
        {
            foreach (float[] vector in sets.Queries)
            {
                SearchHit third = sets.Of(metric).Search(Query(vector, 3, 1000, null, "exact"), new Faults(), Cancellation).Value.Hits[2];
                IReadOnlyList<SearchHit> hits =
                    sets.Of(metric).Search(Query(vector, 100, 1000, third.Score, "exact"), new Faults(), Cancellation).Value.Hits;
                Assert.Equal(third.Id, hits[^1].Id);
                Assert.Equal(3, hits.Count);
            }
        }
    }

    [Fact]
    public void Search_Threshold_MayTakeAsLongAsItsLimitAllows()
    {
        var answer = new SearchAnswer();
        SearchQuery query = Query(sets.Queries[0], 10, 1000, 0, "ef") with { Ef = 16 };
        Assert.True(sets.Of(Metric.L2).TrySearch(query, answer, 1500, new Faults(), Cancellation).Value);
        query.K = 2000;
        Assert.False(sets.Of(Metric.L2).TrySearch(query, answer, 1500, new Faults(), Cancellation).Value);
        Assert.True(sets.Of(Metric.L2).TrySearch(query, answer, ShapeSets.Points, new Faults(), Cancellation).Value);
    }

    [Fact]
    public void Search_ThresholdThatIsNoNumber_IsRefused()
    {
        EngineError? error = sets.Of(Metric.L2).Search(Query(sets.Queries[0], 10, 1000, float.NaN, "ef"), new Faults(), Cancellation).Error;
        Assert.Equal((EngineStatus.InvalidArgument, "score_threshold: is not a number"), (error!.Status, error.Message));
    }

    private static float Between((int Point, double Score)[] ranking, int within) => within == ranking.Length
        ? (float)(ranking[^1].Score + (ranking[^1].Score - ranking[0].Score))
        : (float)((ranking[within - 1].Score + ranking[within].Score) / 2);

    private static SearchQuery Query(float[] vector, int k, int share, float? threshold, string effort) => new()
    {
        Vector = vector,
        K = k,
        Filter = share == 1000 ? FilterSpec.None : new FilterSpec($"u < {share}", null),
        ScoreThreshold = threshold,
        Ef = effort == "ef" ? 80 : null,
        Exact = effort == "exact",
        RecallTarget = effort switch { "recall" => Target, "all" => 1, _ => null },
    };
}
