using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Querying.Shapes;

/// <summary>Searches for groups against all scores in float64.</summary>
public sealed class GroupTests(ShapeSets sets) : IClassFixture<ShapeSets>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<Metric, string, bool> Cases => new(
        from metric in Enum.GetValues<Metric>()
        from attribute in (string[])["owner", "shelf", "loose"]
        from exact in (bool[])[true, false]
        select (metric, attribute, exact));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Search_Groups_AreAsManyAndAsFullAsThereAre(Metric metric, string attribute, bool exact)
    {
        int found = 0;
        int wanted = 0;
        foreach (float[] vector in sets.Queries)
        {
            foreach ((int k, int size, int share) in ((int, int, int)[])[(1, 1, 1000), (10, 1, 1000), (5, 3, 1000), (100, 4, 1000), (10, 2, 400), (10, 3, 8)])
            {
                SearchQuery query = Query(vector, k, attribute, size, share);
                query.Exact = exact;
                SearchAnswer answer = sets.Of(metric).Search(query, new Faults(), Cancellation).Value;
                List<(object Key, List<(int Point, double Score)> Members)> truth = Truth(metric, query, share, null);

                Assert.Equal(Math.Min(k, truth.Count), AssertSound(metric, query, share, answer.Hits));
                // Scores rather than points: of equal ones any may come.
                List<double> scores = [.. truth.Take(k).SelectMany(group => group.Members.Take(size)).Select(member => member.Score)];
                if (exact)
                {
                    Assert.Equal(scores.Count, answer.Hits.Count);
                    Assert.All(scores.Zip(answer.Hits), pair => Assert.Equal(pair.First, pair.Second.Score, Tolerance(pair.First)));
                }

                HashSet<ulong> best = [.. truth.Take(k).SelectMany(group => group.Members.Take(size)).Select(member => (ulong)member.Point)];
                found += answer.Hits.Count(hit => best.Contains(hit.Id.Number));
                wanted += best.Count;
            }
        }

        Assert.InRange(found / (double)wanted, exact ? 1 : 0.95, 1);
    }

    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Cosine)]
    public void Search_GroupsWithinAThreshold_HaveNothingBeyondIt(Metric metric)
    {
        foreach (float[] vector in sets.Queries)
        {
            foreach (bool exact in (bool[])[true, false])
            {
                float threshold = (float)sets.Ranking(metric, vector)[90].Score;
                SearchQuery query = Query(vector, 10, "owner", 3, 1000);
                (query.Exact, query.ScoreThreshold) = (exact, threshold);
                IReadOnlyList<SearchHit> hits = sets.Of(metric).Search(query, new Faults(), Cancellation).Value.Hits;
                int groups = AssertSound(metric, query, 1000, hits);
                Assert.All(hits, hit => Assert.True(ShapeSets.IsWithin(metric, hit.Score, threshold)));
                int expected = Math.Min(10, Truth(metric, query, 1000, threshold).Count);
                Assert.InRange(groups, exact ? expected : expected - 1, expected);
            }
        }
    }

    [Fact]
    public void Search_OneGroupHasNearlyAllThatIsNear_ComputesFewerDistancesThanAScan()
    {
        long distances = 0;
        foreach (float[] vector in sets.Queries)
        {
            SearchQuery query = Query(vector, 5, "owner", 1, 1000);
            query.Ef = 64;
            distances += sets.Of(Metric.Cosine).Search(query, new Faults(), Cancellation).Value.Report.DistanceComputations;
        }

        Assert.InRange(distances, 1, sets.Queries.Length * (ShapeSets.Points / 2));
    }

    [Fact]
    public void Search_AttributeThatNoPointHas_ReturnsNothing() =>
        Assert.Empty(sets.Of(Metric.L2).Search(Query(sets.Queries[0], 5, "nobody", 1, 1000), new Faults(), Cancellation).Value.Hits);

    [Fact]
    public void SearchBatch_Groups_AnswersLikeSingleSearches()
    {
        SearchQuery[] queries = [.. sets.Queries.Select((vector, i) => Query(vector, 5, i % 2 == 0 ? "owner" : "shelf", 2, i % 3 == 0 ? 1000 : 300))];
        queries[3].GroupBy = null;
        IReadOnlyList<SearchAnswer> answers = sets.Of(Metric.L2).SearchBatch(queries, new Faults(), Cancellation).Value;
        Assert.All(queries.Zip(answers), pair =>
            Assert.Equal(sets.Of(Metric.L2).Search(pair.First, new Faults(), Cancellation).Value.Hits.Select(Plain), pair.Second.Hits.Select(Plain)));

        static (PointId, float, AttributeValue) Plain(SearchHit hit) => (hit.Id, hit.Score, hit.Group);
    }

    [Fact]
    public void TrySearch_Groups_MayLookAtAllThatMatch()
    {
        var answer = new SearchAnswer();
        SearchQuery query = Query(sets.Queries[0], 5, "owner", 1, 1000);
        Assert.False(sets.Of(Metric.L2).TrySearch(query, answer, ShapeSets.Points - 1, new Faults(), Cancellation).Value);
        Assert.True(sets.Of(Metric.L2).TrySearch(query, answer, ShapeSets.Points, new Faults(), Cancellation).Value);
        Assert.Throws<OperationCanceledException>(() => sets.Of(Metric.L2).Search(query, new Faults(), new CancellationToken(true)));
    }

    [Theory]
    [InlineData("", 1, 5, "group_by.attribute: is missing; name the attribute to group by")]
    [InlineData("no name", 1, 5, "group_by.attribute: a name is 1 to 128 characters: a letter or underscore, then letters, digits and underscores")]
    [InlineData("labels", 1, 5, "group_by.attribute: labels is declared KEYWORD_LIST; group by an attribute with one value a point")]
    [InlineData("place", 1, 5, "group_by.attribute: place is declared GEO_POINT; group by an attribute with one value a point")]
    [InlineData("owner", 0, 5, "group_by.group_size: is 0; 1 to 100 are allowed")]
    [InlineData("owner", 101, 5, "group_by.group_size: is 101; 1 to 100 are allowed")]
    [InlineData("owner", 100, 101, "group_by.group_size: times k is 10100; up to 10000 results are allowed in all")]
    public void Search_GroupsThatCannotBe_AreRefused(string attribute, int size, int k, string message)
    {
        EngineError? error = sets.Of(Metric.L2).Search(Query(sets.Queries[0], k, attribute, size, 1000), new Faults(), Cancellation).Error;
        Assert.Equal((EngineStatus.InvalidArgument, message), (error!.Status, error.Message));
    }

    // Each hit has its score, matches, and stands with its group; a group has as many as there are or as are wanted. How many groups.
    private int AssertSound(Metric metric, SearchQuery query, int share, IReadOnlyList<SearchHit> hits)
    {
        float[] vector = query.Vector.ToArray();
        int sign = metric == Metric.L2 ? 1 : -1;
        Assert.Equal(hits.Count, hits.Select(hit => hit.Id).Distinct().Count());
        List<object> keys = [];
        List<float> bests = [];
        for (int i = 0; i < hits.Count; i++)
        {
            SearchHit hit = hits[i];
            int point = (int)hit.Id.Number;
            Assert.True(sets.Attributes[point]["u"].AsInt64() < share);
            double score = ShapeSets.Score(metric, vector, sets.Vectors[point]);
            Assert.Equal(score, hit.Score, Tolerance(score));
            object key = Key(hit.Group)!;
            Assert.Equal(Key(sets.Attributes[point][query.GroupBy!.Attribute]), key);
            if (keys.Count == 0 || !keys[^1].Equals(key))
            {
                Assert.DoesNotContain(key, keys);
                keys.Add(key);
                bests.Add(sign * hit.Score);
            }
            else
            {
                Assert.True(sign * hits[i - 1].Score <= sign * hit.Score);
            }
        }

        Assert.Equal(bests.Order(), bests);
        foreach ((object key, List<(int, double)> members) in Truth(metric, query, share, query.ScoreThreshold))
        {
            int returned = hits.Count(hit => Key(hit.Group)!.Equals(key));
            Assert.True(
                returned == 0 || returned == Math.Min(query.GroupBy!.Size, members.Count) || query.ScoreThreshold is not null,
                $"{returned} of {members.Count} in {key}");
        }

        return keys.Count;
    }

    private List<(object Key, List<(int Point, double Score)> Members)> Truth(Metric metric, SearchQuery query, int share, float? threshold)
    {
        List<(object Key, List<(int Point, double Score)> Members)> groups = [];
        foreach ((int point, double score) in sets.Ranking(metric, query.Vector.ToArray(), i => sets.Attributes[i]["u"].AsInt64() < share))
        {
            if ((threshold is { } bound && !ShapeSets.IsWithin(metric, score, bound))
                || !sets.Attributes[point].TryGetValue(query.GroupBy!.Attribute, out AttributeValue value) || Key(value) is not { } key)
            {
                continue;
            }

            int at = groups.FindIndex(group => group.Key.Equals(key));
            if (at < 0)
            {
                at = groups.Count;
                groups.Add((key, []));
            }

            groups[at].Members.Add((point, score));
        }

        return groups;
    }

    private static object? Key(AttributeValue value) => value.Kind switch
    {
        AttributeKind.Int64 => (double)value.AsInt64(),
        AttributeKind.Double => value.AsDouble(),
        AttributeKind.String => value.AsString(),
        _ => null,
    };

    private static double Tolerance(double score) => 1e-4 * (1 + Math.Abs(score));

    private static SearchQuery Query(float[] vector, int k, string attribute, int size, int share) => new()
    {
        Vector = vector,
        K = k,
        GroupBy = new GroupBy(attribute, size),
        Filter = share == 1000 ? FilterSpec.None : new FilterSpec($"u < {share}", null),
    };
}
