using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Querying.Shapes;

/// <summary>Maximal marginal relevance against the definition, in float64.</summary>
public sealed class DiversityTests(ShapeSets sets) : IClassFixture<ShapeSets>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<Metric, double> Cases => new(
        from metric in Enum.GetValues<Metric>()
        from lambda in (double[])[0, 0.3, 0.5, 0.9, 1]
        select (metric, lambda));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Search_Diversity_TakesTheGreatestMarginalRelevanceEachTime(Metric metric, double lambda)
    {
        foreach (float[] vector in sets.Queries)
        {
            foreach ((int k, int candidates, int share) in ((int, int, int)[])[(1, 30, 1000), (10, 40, 1000), (12, 12, 300), (10, 50, 5)])
            {
                var query = new SearchQuery
                {
                    Vector = vector,
                    K = k,
                    Exact = true,
                    Filter = share == 1000 ? FilterSpec.None : new FilterSpec($"u < {share}", null),
                    Diversity = new Diversity(lambda, candidates),
                };
                IReadOnlyList<SearchHit> hits = sets.Of(metric).Search(query, new Faults(), Cancellation).Value.Hits;
                (int Point, double Score)[] ranking =
                    [.. sets.Ranking(metric, vector, i => sets.Attributes[i]["u"].AsInt64() < share).Take(candidates)];
                Assert.Equal(Math.Min(k, ranking.Length), hits.Count);
                Assert.Equal((ulong)ranking[0].Point, hits[0].Id.Number);
                AssertGreedy(metric, lambda, vector, [.. ranking.Select(one => one.Point)], [.. hits.Select(hit => (int)hit.Id.Number)]);
                Assert.All(hits, hit => Assert.Equal(
                    ShapeSets.Score(metric, vector, sets.Vectors[hit.Id.Number]), hit.Score, 1e-4 * (1 + Math.Abs(hit.Score))));
            }
        }
    }

    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.Dot)]
    public void Search_RelevanceAlone_IsAnOrdinarySearch(Metric metric)
    {
        foreach (float[] vector in sets.Queries)
        {
            var query = new SearchQuery { Vector = vector, K = 10, Exact = true, Diversity = new Diversity(1, 50) };
            IReadOnlyList<SearchHit> diverse = sets.Of(metric).Search(query, new Faults(), Cancellation).Value.Hits;
            IReadOnlyList<SearchHit> plain = sets.Of(metric).Search(query with { Diversity = null }, new Faults(), Cancellation).Value.Hits;
            Assert.Equal(plain.Select(hit => (hit.Id, hit.Score)), diverse.Select(hit => (hit.Id, hit.Score)));
        }
    }

    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Cosine)]
    public void Search_LessRelevance_LeavesResultsLessAlike(Metric metric)
    {
        double before = double.PositiveInfinity;
        foreach (double lambda in (double[])[1, 0.6, 0.2])
        {
            double likeness = 0;
            foreach (float[] vector in sets.Queries)
            {
                var query = new SearchQuery { Vector = vector, K = 8, Diversity = new Diversity(lambda, 80) };
                IReadOnlyList<SearchHit> hits = sets.Of(metric).Search(query, new Faults(), Cancellation).Value.Hits;
                Assert.Equal(8, hits.Count);
                likeness += hits.SelectMany(a => hits.Where(b => b.Id != a.Id).Select(b => Similarity(metric, a.Id.Number, b.Id.Number))).Sum();
            }

            Assert.True(likeness < before, $"{likeness} after {before} at {lambda}");
            before = likeness;
        }
    }

    [Fact]
    public void Search_DiversityWithinAThreshold_TakesOnlyWhatIsWithin()
    {
        float threshold = (float)sets.Ranking(Metric.Cosine, sets.Queries[0])[6].Score - 1e-5f;
        var query = new SearchQuery
        {
            Vector = sets.Queries[0],
            K = 20,
            Exact = true,
            ScoreThreshold = threshold,
            Diversity = new Diversity(0.1),
        };
        IReadOnlyList<SearchHit> hits = sets.Of(Metric.Cosine).Search(query, new Faults(), Cancellation).Value.Hits;
        Assert.Equal(7, hits.Count);
        Assert.All(hits, hit => Assert.True(hit.Score >= threshold));
        Assert.NotEqual(hits.OrderByDescending(hit => hit.Score), hits);
    }

    [Theory]
    [InlineData(double.NaN, 20, "diversity.lambda: is NaN; 0 to 1 is allowed")]
    [InlineData(-0.1, 20, "diversity.lambda: is -0.1; 0 to 1 is allowed")]
    [InlineData(1.1, 20, "diversity.lambda: is 1.1; 0 to 1 is allowed")]
    [InlineData(0.5, 9, "diversity.candidates: is 9; k, which is 10, to 1000 are allowed")]
    [InlineData(0.5, 1001, "diversity.candidates: is 1001; k, which is 10, to 1000 are allowed")]
    public void Search_DiversityThatCannotBe_IsRefused(double lambda, int candidates, string message)
    {
        var query = new SearchQuery { Vector = sets.Queries[0], K = 10, Diversity = new Diversity(lambda, candidates) };
        EngineError? error = sets.Of(Metric.L2).Search(query, new Faults(), Cancellation).Error;
        Assert.Equal((EngineStatus.InvalidArgument, message), (error!.Status, error.Message));
    }

    [Fact]
    public void Search_DiversityOfTooManyResultsOrWithGroups_IsRefused()
    {
        var query = new SearchQuery { Vector = sets.Queries[0], K = 1001, Diversity = new Diversity(), GroupBy = new GroupBy("owner") };
        EngineError? error = sets.Of(Metric.L2).Search(query, new Faults(), Cancellation).Error;
        Assert.Equal(
            [
                new FieldViolation("diversity.candidates", "would be k, which is 1001; up to 1000 are allowed"),
                new FieldViolation("diversity", "cannot be combined with group_by; leave out one of them"),
            ],
            error!.Violations);
    }

    // Each was as good a choice as any, but for rounding.
    private void AssertGreedy(Metric metric, double lambda, float[] query, List<int> candidates, List<int> chosen)
    {
        for (int taken = 1; taken < chosen.Count; taken++)
        {
            double best = candidates.Except(chosen.Take(taken)).Max(Value);
            double value = Value(chosen[taken]);
            Assert.True(value >= best - (1e-4 * (1 + Math.Abs(best))), $"{value} was taken where {best} was to be had");

            double Value(int point) => (lambda * Sign(metric) * ShapeSets.Score(metric, query, sets.Vectors[point]))
                - ((1 - lambda) * chosen.Take(taken).Max(other => Similarity(metric, (ulong)point, (ulong)other)));
        }
    }

    private double Similarity(Metric metric, ulong left, ulong right) =>
        Sign(metric) * ShapeSets.Score(metric, sets.Vectors[left], sets.Vectors[right]);

    private static int Sign(Metric metric) => metric == Metric.L2 ? -1 : 1;
}
