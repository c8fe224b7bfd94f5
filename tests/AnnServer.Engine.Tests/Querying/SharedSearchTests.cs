using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Querying;

/// <summary>Batches whose searches share filters, against brute force and against the same searches one by one.</summary>
public sealed class SharedSearchTests
{
    private const int Points = 4000;
    private const int Dimension = 24;
    private const int Queries = 150;

    private static readonly string?[] Filters = [null, "r < 400", "r >= 3990", "r < 400 AND colour = \"c1\"", "other < 300", "r < 0"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Quantization.None, VectorPlacement.Memory)]
    [InlineData(Quantization.Int8, VectorPlacement.Memory)]
    [InlineData(Quantization.Int4, VectorPlacement.Memory)]
    [InlineData(Quantization.Int8, VectorPlacement.Disk)]
    public async Task SearchBatch_SharedFilters_FindsTheNearest(Quantization quantization, VectorPlacement placement)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(1);
        (Collection collection, float[][] vectors) = await LoadAsync(test, quantization, placement, random);
        SearchQuery[] queries = [.. Enumerable.Range(0, Queries).Select(i => new SearchQuery
        {
            Vector = RandomPoints.Vector(random, Dimension),
            K = 1 + (i % 15),
            Filter = new FilterSpec(Filters[random.Next(Filters.Length)], null),
            Exact = i % 3 == 0,
            RecallTarget = i % 3 == 1 ? 0.95 : null,
            WithAttributes = i % 2 == 0,
            WithVector = i % 5 == 0,
            ScoreThreshold = i % 7 == 0 ? 3.2f : null,
        })];

        IReadOnlyList<SearchAnswer> answers = collection.SearchBatch(queries, new Faults(), Cancellation).Value;

        int wanted = 0;
        int found = 0;
        for (int i = 0; i < queries.Length; i++)
        {
            SearchQuery query = queries[i];
            SearchAnswer alone = collection.Search(query, new Faults(), Cancellation).Value;
            List<ulong> nearest = Nearest(vectors, query);
            Assert.Equal(alone.Hits.Count, answers[i].Hits.Count);
            Assert.All(answers[i].Hits, hit => AssertSound(hit, query, vectors));
            Assert.Equal(alone.Report.Matching, answers[i].Report.Matching);
            if (query.Exact)
            {
                Assert.Equal(alone.Hits.Select(static hit => (hit.Id, hit.Score)), answers[i].Hits.Select(static hit => (hit.Id, hit.Score)));
                Assert.Equal(nearest, answers[i].Hits.Select(static hit => hit.Id.Number));
                Assert.Equal(1, answers[i].Report.RecallEstimate);
            }

            wanted += nearest.Count;
            found += answers[i].Hits.Count(hit => nearest.Contains(hit.Id.Number));
        }

        Assert.InRange(found, 0.98 * wanted, wanted);
    }

    [Fact]
    public async Task SearchBatch_SharedFilter_SaysThatAllWereCompared()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(2);
        (Collection collection, _) = await LoadAsync(test, Quantization.Int8, VectorPlacement.Memory, random);
        SearchQuery[] queries = [.. Enumerable.Range(0, 70).Select(_ => new SearchQuery
        {
            Vector = RandomPoints.Vector(random, Dimension), K = 5, Filter = new FilterSpec("r < 1000", null),
        })];

        IReadOnlyList<SearchAnswer> answers = collection.SearchBatch(queries, new Faults(), Cancellation).Value;

        Assert.All(answers, answer =>
        {
            Assert.Equal(SearchStrategy.Exact, answer.Report.Strategy);
            Assert.Equal(1000, answer.Report.Matching);
            Assert.Equal(0.25, answer.Report.Selectivity, 1e-9);
            // All by their codes, and the best again by their vectors.
            Assert.InRange(answer.Report.DistanceComputations, 1005, 1128);
            Assert.InRange(answer.Report.RecallEstimate, 0.999, 0.99999);
            // Hits of 64 bytes, which carry nothing and are in no group.
            Assert.Equal(5 * 64, answer.Bytes);
        });
        Assert.Equal(70, test.Database.GetStats().Searches);
    }

    [Fact]
    public async Task SearchBatch_AnswersTooLarge_IsRefused()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder, new EngineLimits { MaxAnswerBytes = 20_000 });
        var random = new Random(3);
        (Collection collection, _) = await LoadAsync(test, Quantization.Int8, VectorPlacement.Memory, random);
        SearchQuery query = new() { Vector = RandomPoints.Vector(random, Dimension), K = 10, WithVector = true, Exact = true };

        EngineError? error = collection.SearchBatch([.. Enumerable.Repeat(query, 40)], new Faults(), Cancellation).Error;

        Assert.Equal(EngineStatus.ResourceExhausted, error?.Status);
        Assert.Null(collection.SearchBatch([query, query], new Faults(), Cancellation).Error);
    }

    private static async Task<(Collection Collection, float[][] Vectors)> LoadAsync(
        TestDatabase test, Quantization quantization, VectorPlacement placement, Random random)
    {
        Collection collection = await test.CreateAsync(new CollectionConfig
        {
            Name = "points",
            Dimension = Dimension,
            Metric = Metric.L2,
            Hnsw = new HnswConfig { M = 12, EfConstruction = 80 },
            Quantization = quantization,
            VectorPlacement = placement,
            Attributes = [new AttributeSchema("r", AttributeType.Int64), new AttributeSchema("colour", AttributeType.Keyword)],
        });
        float[][] vectors = [.. Enumerable.Range(0, Points).Select(_ => RandomPoints.Vector(random, Dimension))];
        Point[] points = [.. vectors.Select((vector, i) => new Point(
            PointId.FromNumber((ulong)i),
            vector,
            new Dictionary<string, AttributeValue> { ["r"] = AttributeValue.Of(i), ["other"] = AttributeValue.Of(i), ["colour"] = AttributeValue.Of($"c{i % 4}") }))];
        Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
        if (placement == VectorPlacement.Disk)
        {
            await test.CheckpointAsync();
        }

        return (collection, vectors);
    }

    private static bool Matches(int row, string? filter) => filter switch
    {
        null => true,
        "r < 400" => row < 400,
        "r >= 3990" => row >= 3990,
        "r < 400 AND colour = \"c1\"" => row < 400 && row % 4 == 1,
        "other < 300" => row < 300,
        "r < 0" => false,
        _ => throw new ArgumentException(filter, nameof(filter)),
    };

    private static List<ulong> Nearest(float[][] vectors, SearchQuery query) =>
    [
        .. Enumerable.Range(0, Points)
            .Where(row => Matches(row, query.Filter.Expression))
            .Select(row => (Row: row, Distance: Distance(vectors[row], query)))
            .Where(one => query.ScoreThreshold is not { } most || one.Distance <= most)
            .OrderBy(static one => one.Distance)
            .Take(query.K)
            .Select(static one => (ulong)one.Row),
    ];

    private static double Distance(float[] vector, SearchQuery query) =>
        Math.Sqrt(vector.Zip(query.Vector.ToArray(), static (a, b) => ((double)a - b) * ((double)a - b)).Sum());

    private static void AssertSound(SearchHit hit, SearchQuery query, float[][] vectors)
    {
        int row = (int)hit.Id.Number;
        Assert.True(Matches(row, query.Filter.Expression));
        Assert.Equal(Distance(vectors[row], query), hit.Score, 1e-4);
        Assert.Equal(query.WithAttributes ? 3 : 0, hit.Attributes.Count);
        Assert.Equal(query.WithVector ? Dimension : 0, hit.Vector.Length);
    }
}
