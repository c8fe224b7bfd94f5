using AnnServer.Core.Search;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.Engine.Querying.Recall;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Querying;

/// <summary>Filtered searches by parts, with a model that finds nothing cheaper and misses nothing: they answer as exact ones do.</summary>
public sealed class PartitionedSearchTests
{
    private const int Points = 3000;
    private const int Dimension = 16;
    private const int K = 10;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Cosine)]
    public async Task Search_AnyFilterAgainAndAgain_FindsWhatComparingWithAllFinds(Metric metric)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(11);
        Collection collection = await LoadAsync(test, metric, random);
        foreach (string filter in (string[])["r < 500", "r < 30", "NOT r < 900", "r < 100 OR r > 800", "r = 3", "r = -1"])
        {
            // At first members are looked up; later what matches is known by parts.
            for (int i = 0; i < 5; i++)
            {
                AssertAsExact(collection, RandomPoints.Vector(random, Dimension), filter);
            }
        }

        // With others, which are only divided the next time.
        await UpsertAsync(collection, random, Points, 100);
        await UpsertAsync(collection, random, 0, 50);
        for (int i = 0; i < 5; i++)
        {
            AssertAsExact(collection, RandomPoints.Vector(random, Dimension), "r < 500");
        }
    }

    [Fact]
    public async Task Calibrate_DividedPoints_PricesWhatLooksAtEach()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test, Metric.L2, new Random(16));

        RecallModel? model = new RecallCalibrator(collection.Data, new ScratchPool(), Cancellation).Run([]);

        Assert.NotNull(model);
        Assert.True(model.TryReach(WalkKind.Partitions, 0.1, K, 0.95, out RecallPoint point));
        Assert.InRange(point.Tests, 1, Points);
        Assert.InRange(model.Costs.Compare, double.Epsilon, double.MaxValue);
        Assert.InRange(model.Costs.Test, 0, double.MaxValue);
        // Of 90 points nothing can be told.
        Assert.Equal(0, model.Costs.Sparser);
    }

    /// <summary>It takes as long as a search for every 2,000 matches saves by it.</summary>
    [Theory]
    [InlineData("r < 500", 1)]
    [InlineData("r < 900", 2)]
    public async Task Search_SameFilter_IsArrangedOnceThatPays(string filter, int searches)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(15);
        Collection collection = await LoadAsync(test, Metric.L2, random);
        SearchQuery query = Query(RandomPoints.Vector(random, Dimension), filter);
        // Two evaluate it; of those that find it kept the last has it arranged.
        for (int i = 0; i < 2 + searches - 1; i++)
        {
            Search(collection, query);
        }

        long before = test.Database.FilterCacheBytes;
        int matching = (int)Search(collection, query).Report.Matching;
        long after = test.Database.FilterCacheBytes;
        Assert.InRange(after - before, sizeof(uint) * matching, 2 * sizeof(uint) * matching);
        Search(collection, query);
        Assert.Equal(after, test.Database.FilterCacheBytes);
    }

    /// <summary>A walk inside a filter that holds nothing around the query is left for the parts, which say for themselves what they find.</summary>
    [Fact]
    public async Task Search_FilterFarFromTheQuery_IsLeftByTheWalkForTheParts()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(14);
        Collection collection = await LoadAsync(test, Metric.L2, random);
        await UpsertAsync(collection, random, Points, 1000, least: 5000, offset: 10);
        Assert.True(collection.Data.Index.Divide(new ScratchPool(), static () => false, out _, Cancellation));
        RecallCurve within = new([new RecallPoint(1.5, 0.96, 5000, 1)]), parts = new([new RecallPoint(1e6, 0.97, 10, 10)]);
        collection.Data.Recall.Measured(
            new RecallModel(
                Points + 1000,
                QuerySample.Capacity,
                new ScanCosts(1, 1, 0),
                [
                    .. from share in (double[])[1, 0.001] select new RecallModel.Regime(WalkKind.Within, share, [(K, within)]),
                    .. from share in (double[])[1, 0.001] select new RecallModel.Regime(WalkKind.Partitions, share, [(K, parts)]),
                ]),
            0);

        for (int i = 0; i < 5; i++)
        {
            SearchQuery near = Query(Shifted(RandomPoints.Vector(random, Dimension), 10), "r >= 5000"), far = near with { Vector = RandomPoints.Vector(random, Dimension) };
            SearchReport report = Search(collection, near).Report;
            Assert.Equal((SearchStrategy.GraphWithin, 0.96, false), (report.Strategy, report.RecallEstimate, report.ExactFallback));
            SearchAnswer answer = Search(collection, far);
            Assert.Equal((SearchStrategy.Partitions, 0.97, false), (answer.Report.Strategy, answer.Report.RecallEstimate, answer.Report.ExactFallback));
            // So far away they are as good as equally far, and codes tell some of them apart the wrong way.
            Assert.InRange(Exact(collection, far).Hits.IntersectBy(answer.Hits.Select(static hit => hit.Id), static hit => hit.Id).Count(), K - 2, K);
        }
    }

    /// <summary>With few of one filter that are answered alone, and many that look in its parts together, more than can at once.</summary>
    [Theory]
    [InlineData(40)]
    [InlineData(700)]
    public async Task SearchBatch_ManyWithOneFilter_FindsWhatComparingWithAllFinds(int count)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(12);
        Collection collection = await LoadAsync(test, Metric.L2, random);
        SearchQuery[] queries = [.. Enumerable.Range(0, count).Select(i => Query(RandomPoints.Vector(random, Dimension), i % 8 == 0 && i < 100 ? "r < 700" : "r < 250"))];

        EngineResult<IReadOnlyList<SearchAnswer>> answers = collection.SearchBatch(queries, new Faults(), Cancellation);

        Assert.Null(answers.Error);
        // Those that search together share what their filter took; of those that do not, the first has it alone.
        double[] filterTimes = [.. queries.Zip(answers.Value).Where(static pair => pair.First.Filter.Expression == "r < 250").Select(static pair => pair.Second.Report.FilterMicroseconds)];
        Assert.All(filterTimes, time => Assert.Equal(filterTimes[0], time));
        Assert.InRange(filterTimes[0], double.Epsilon, double.MaxValue);
        foreach ((SearchQuery query, SearchAnswer answer) in queries.Zip(answers.Value))
        {
            Assert.Equal(SearchStrategy.Partitions, answer.Report.Strategy);
            Assert.InRange(answer.Report.Expansions, 1, long.MaxValue);
            Assert.InRange(answer.Report.DistanceComputations, answer.Report.Matching, 2 * Points);
            AssertAlike(Exact(collection, query), answer);
        }
    }

    [Fact]
    public async Task Search_WhilePointsAreReplacedAndDeleted_FindsAllThatStay()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(13);
        Collection collection = await LoadAsync(test, Metric.L2, random);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        // Those from 2,000 on come and go, and no filter leaves any of them.
        Task writer = Task.Run(
            async () =>
            {
                var other = new Random(14);
                for (int round = 0; !stopping.IsCancellationRequested; round++)
                {
                    PointId[] ids = [.. Enumerable.Range(2000, 200).Select(i => PointId.FromNumber((ulong)(i + (200 * (round % 5)))))];
                    Assert.Null((await collection.DeleteAsync(ids, new Faults(), Cancellation)).Error);
                    await UpsertAsync(collection, other, 2000 + (200 * (round % 5)), 200, least: 5000);
                }
            },
            Cancellation);
        SearchQuery[] queries = [.. Enumerable.Range(0, 30).Select(_ => Query(RandomPoints.Vector(random, Dimension), "r < 300 AND stays = true"))];
        SearchAnswer[] expected = [.. queries.Select(query => Exact(collection, query))];
        int byParts = 0;
        for (int i = 0; byParts < 200; i++)
        {
            // From time to time so many have come that the points have to be divided again first.
            SearchAnswer answer = Search(collection, queries[i % queries.Length]);
            byParts += answer.Report.Strategy == SearchStrategy.Partitions ? 1 : 0;
            AssertAlike(expected[i % queries.Length], answer);
            if (i % 5 == 0)
            {
                EngineResult<IReadOnlyList<SearchAnswer>> together = collection.SearchBatch(queries, new Faults(), Cancellation);
                Assert.Null(together.Error);
                Assert.All(expected.Zip(together.Value), static pair => AssertAlike(pair.First, pair.Second));
            }

            await Task.Yield();
        }

        await stopping.CancelAsync();
        await writer;
        Assert.Empty(test.TakeErrors());
    }

    private static void AssertAsExact(Collection collection, float[] vector, string filter)
    {
        SearchQuery query = Query(vector, filter);
        SearchAnswer answer = Search(collection, query);
        // Of so few that there is little to leave out all are compared.
        bool isPlain = SearchPlanner.WantsMost(collection.Data.Config, K, (int)answer.Report.Matching);
        Assert.Equal(isPlain ? SearchStrategy.Exact : SearchStrategy.Partitions, answer.Report.Strategy);
        AssertAlike(Exact(collection, query), answer);
    }

    private static void AssertAlike(SearchAnswer expected, SearchAnswer actual) =>
        Assert.Equal(expected.Hits.Select(static hit => (hit.Id, hit.Score)), actual.Hits.Select(static hit => (hit.Id, hit.Score)));

    private static SearchQuery Query(float[] vector, string filter) =>
        new() { Vector = vector, K = K, RecallTarget = 0.9, Filter = new FilterSpec(filter, null) };

    private static float[] Shifted(float[] vector, float offset) => Array.ConvertAll(vector, element => element + offset);

    private static SearchAnswer Exact(Collection collection, SearchQuery query) =>
        Search(collection, query with { RecallTarget = null, Exact = true });

    private static SearchAnswer Search(Collection collection, SearchQuery query)
    {
        EngineResult<SearchAnswer> answer = collection.Search(query, new Faults(), Cancellation);
        Assert.Null(answer.Error);
        return answer.Value;
    }

    // Divided, and with a model by which parts are looked at as long as there are any.
    private static async Task<Collection> LoadAsync(TestDatabase test, Metric metric, Random random)
    {
        Collection collection = await test.CreateAsync(new CollectionConfig
        {
            Name = "points",
            Dimension = Dimension,
            Metric = metric,
            Quantization = Quantization.Int8,
            Attributes = [new AttributeSchema("r", AttributeType.Int64), new AttributeSchema("stays", AttributeType.Bool)],
        });
        await UpsertAsync(collection, random, 0, Points);
        Assert.True(collection.Data.Index.Divide(new ScratchPool(), static () => false, out _, Cancellation));
        var parts = new RecallCurve([new RecallPoint(1e6, 0.999, 1, 1e-6, Points)]);
        collection.Data.Recall.Measured(
            new RecallModel(
                Points,
                QuerySample.Capacity,
                new ScanCosts(1, 1, 0, Together: 0.5, Lookers: 4),
                [new RecallModel.Regime(WalkKind.Partitions, 1, [(K, parts)]), new RecallModel.Regime(WalkKind.Partitions, 1e-6, [(K, parts)])]),
            0);
        return collection;
    }

    private static async Task UpsertAsync(Collection collection, Random random, int first, int count, int least = 0, float offset = 0)
    {
        foreach (int[] chunk in Enumerable.Range(first, count).Chunk(500))
        {
            Point[] points =
            [
                .. chunk.Select(i => new Point(
                    PointId.FromNumber((ulong)i),
                    Shifted(RandomPoints.Vector(random, Dimension), offset),
                    new Dictionary<string, AttributeValue>
                    {
                        ["r"] = AttributeValue.Of((long)(least + random.Next(1000))), ["stays"] = AttributeValue.Of(i < 2000),
                    })),
            ];
            Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
        }
    }
}
