using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Querying.Recall;

/// <summary>Searches that name a recall find that share of the nearest, by brute force.</summary>
public sealed class RecallTargetTests
{
    private const int Points = 6000;
    private const int Dimension = 32;
    private const int K = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.Dot)]
    public async Task Search_OnceMeasured_FindsWhatWasAskedForAndSaysSo(Metric metric)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(5);
        (Collection collection, float[][] vectors) = await LoadAsync(test, metric, random);
        float[][] asked = [.. Enumerable.Range(0, 1100).Select(_ => Near(random, vectors))];
        await MeasureAsync(collection, asked);

        // Others than it was measured with.
        float[][] queries = [.. Enumerable.Range(0, 400).Select(_ => Near(random, vectors))];
        foreach (double target in (double[])[0.85, 0.95])
        {
            foreach (string? filter in (string?[])[null, "r < 300"])
            {
                double estimated = 0;
                double found = 0;
                foreach (float[] query in queries)
                {
                    var search = new SearchQuery { Vector = query, K = K, RecallTarget = target, Filter = new FilterSpec(filter, null) };
                    SearchAnswer answer = Search(collection, search);
                    Assert.Equal(K, answer.Hits.Count);
                    Assert.InRange(answer.Report.RecallEstimate, target, 1);
                    estimated += answer.Report.RecallEstimate / queries.Length;
                    SearchAnswer exact = Search(collection, search with { RecallTarget = null, Exact = true });
                    Assert.Equal(1, exact.Report.RecallEstimate);
                    found += answer.Hits.Count(hit => exact.Hits.Any(other => other.Id == hit.Id));
                }

                double recall = found / (K * queries.Length);
                // Three standard errors of these few and of those it was measured with. The least effort there is may find more than was asked for.
                Assert.InRange(recall, target - 0.04, 1);
                Assert.InRange(recall, estimated - 0.04, estimated + 0.04);
            }
        }
    }

    [Fact]
    public async Task Search_BeforeTheFirstMeasurement_IsAnsweredGenerously()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(6);
        (Collection collection, float[][] vectors) = await LoadAsync(test, Metric.L2, random);

        SearchAnswer answer = Search(collection, new SearchQuery { Vector = Near(random, vectors), K = K, RecallTarget = 0.95 });

        Assert.Equal(K, answer.Hits.Count);
        Assert.Contains(answer.Report.RecallEstimate, (double[])[0, 0.9999]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.5)]
    [InlineData(1.0001)]
    [InlineData(double.NaN)]
    public async Task Search_TargetOutOfRange_IsRefused(double target)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config(Metric.L2));

        EngineResult<SearchAnswer> answer = collection.Search(
            new SearchQuery { Vector = new float[Dimension], K = 1, RecallTarget = target }, new Faults(), Cancellation);

        Assert.NotNull(answer.Error);
        Assert.Equal(EngineStatus.InvalidArgument, answer.Error.Status);
        Assert.Equal("recall_target", Assert.Single(answer.Error.Violations).Field);
    }

    [Fact]
    public async Task Search_TargetOfOne_ComparesWithEveryPoint()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(7);
        (Collection collection, float[][] vectors) = await LoadAsync(test, Metric.L2, random);

        SearchAnswer answer = Search(collection, new SearchQuery { Vector = Near(random, vectors), K = K, RecallTarget = 1 });

        Assert.Equal(SearchStrategy.Exact, answer.Report.Strategy);
        Assert.Equal(Points, answer.Report.DistanceComputations);
        Assert.Equal(1, answer.Report.RecallEstimate);
    }

    [Fact]
    public async Task Drop_WhileItIsMeasured_EndsWell()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(8);
        (Collection collection, float[][] vectors) = await LoadAsync(test, Metric.L2, random);
        Search(collection, new SearchQuery { Vector = Near(random, vectors), K = K, RecallTarget = 0.9 });

        Assert.Null((await test.Database.DeleteCollectionAsync(collection.Config.Name, Cancellation)).Error);

        (Collection next, float[][] others) = await LoadAsync(test, Metric.L2, random);
        await MeasureAsync(next, [others[0]]);
        Assert.Empty(test.TakeErrors());
    }

    private static async Task MeasureAsync(Collection collection, float[][] queries)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        int sampled = 0;
        while (collection.Data.Recall.IsStale(Points))
        {
            Search(collection, new SearchQuery { Vector = queries[sampled++ % queries.Length], K = K, RecallTarget = 0.9 });
            if (sampled >= queries.Length)
            {
                await Task.Delay(5, patience.Token);
            }
        }
    }

    private static SearchAnswer Search(Collection collection, SearchQuery query)
    {
        EngineResult<SearchAnswer> answer = collection.Search(query, new Faults(), Cancellation);
        Assert.Null(answer.Error);
        return answer.Value;
    }

    private static async Task<(Collection Collection, float[][] Vectors)> LoadAsync(TestDatabase test, Metric metric, Random random)
    {
        Collection collection = await test.CreateAsync(Config(metric));
        float[][] centres = [.. Enumerable.Range(0, 60).Select(_ => RandomPoints.Vector(random, Dimension))];
        float[][] vectors = [.. Enumerable.Range(0, Points).Select(_ => Near(random, centres))];
        foreach ((int i, float[][] chunk) in vectors.Chunk(500).Index())
        {
            Point[] points =
            [
                .. chunk.Select((vector, j) => new Point(
                    PointId.FromNumber((ulong)((500 * i) + j)),
                    vector,
                    new Dictionary<string, AttributeValue> { ["r"] = AttributeValue.Of((long)random.Next(1000)) })),
            ];
            Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
        }

        return (collection, vectors);
    }

    private static float[] Near(Random random, float[][] vectors)
    {
        float[] vector = vectors[random.Next(vectors.Length)];
        float[] noise = RandomPoints.Vector(random, Dimension);
        return [.. vector.Zip(noise, static (element, other) => element + (0.6f * other))];
    }

    private static CollectionConfig Config(Metric metric) => new()
    {
        Name = "points",
        Dimension = Dimension,
        Metric = metric,
        Attributes = [new AttributeSchema("r", AttributeType.Int64)],
    };
}
