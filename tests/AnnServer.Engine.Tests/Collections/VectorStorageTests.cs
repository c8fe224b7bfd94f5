using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>Collections that keep float16: what fits, what is given back, and what it costs in memory.</summary>
public sealed class VectorStorageTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Metric.L2, 65504f, true)]
    [InlineData(Metric.L2, -65504f, true)]
    [InlineData(Metric.L2, 65505f, false)]
    [InlineData(Metric.Cosine, -65505f, false)]
    [InlineData(Metric.Dot, 1e6f, false)]
    [InlineData(Metric.L2, 1e-9f, true)]
    [InlineData(Metric.Dot, 1e-9f, true)]
    [InlineData(Metric.Cosine, 6.2e-5f, true)]
    [InlineData(Metric.Cosine, 6.0e-5f, false)]
    public async Task Upsert_AtTheBounds_IsRoundedOrRefusedByNameAndChangesNothing(Metric metric, float element, bool fits)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config("points", 3) with { Metric = metric });
        Point good = new(PointId.FromNumber(1), new float[] { 1, 2, 3 }, Point.NoAttributes);
        Point bad = new(PointId.FromNumber(2), new float[] { 0, element, 0 }, Point.NoAttributes);

        EngineError? error = (await collection.UpsertAsync([good, bad], new Faults(), Cancellation)).Error;

        Assert.Equal(fits ? 2 : 0, collection.Count(FilterSpec.None, 0, new Faults(), Cancellation).Value);
        if (fits)
        {
            Assert.Null(error);
            Point read = Assert.Single(collection.Get([bad.Id], false, true, 0, new Faults()).Value);
            Assert.Equal([0, (float)(Half)element, 0], read.Vector.ToArray());
        }
        else
        {
            Assert.Equal(EngineStatus.InvalidArgument, error!.Status);
            FieldViolation violation = Assert.Single(error.Violations);
            Assert.Equal("points[1].vector", violation.Field);
            Assert.Contains(Math.Abs(element) > 1 ? "65504" : "6.1e-05", violation.Description, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Search_QueryBeyondWhatHalvesHold_IsNotRounded()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config("points", 2));
        Point point = new(PointId.FromNumber(1), new float[] { 100.03f, 0 }, Point.NoAttributes);
        Assert.Null((await collection.UpsertAsync([point], new Faults(), Cancellation)).Error);

        var search = new SearchQuery { Vector = new float[] { 200_000.25f, 0 }, K = 1 };
        SearchHit hit = Assert.Single(collection.Search(search, new Faults(), Cancellation).Value.Hits);

        Assert.Equal(200_000.25f - (float)(Half)100.03f, hit.Score, 0.02);
    }

    [Theory]
    [InlineData(512, Metric.L2, 0.5)]
    // A line for the norm besides, of nine lines and of seventeen.
    [InlineData(256, Metric.Cosine, 9 / 17.0)]
    public async Task GetInfo_Float16_TakesHalfTheMemoryForVectors(int dimension, Metric metric, double share)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(1);
        Point[] points = [.. Enumerable.Range(0, 4000).Select(i => new Point(PointId.FromNumber((ulong)i), RandomPoints.Vector(random, dimension), Point.NoAttributes))];
        var memory = new Dictionary<VectorStorage, MemoryUsage>();
        foreach (VectorStorage storage in Enum.GetValues<VectorStorage>())
        {
            CollectionConfig config = Config($"{storage}", dimension) with { Metric = metric, VectorStorage = storage };
            Collection collection = await test.CreateAsync(config);
            Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
            memory.Add(storage, collection.GetInfo().Memory);
        }

        // Memory is taken in steps of up to a quarter.
        Assert.InRange(memory[VectorStorage.Float16].Vectors / (double)memory[VectorStorage.Float32].Vectors, share * 0.75, share * 1.3);
        Assert.Equal(memory[VectorStorage.Float32].Codes, memory[VectorStorage.Float16].Codes);
        Assert.Equal(
            memory[VectorStorage.Float32].Total - memory[VectorStorage.Float32].Vectors,
            memory[VectorStorage.Float16].Total - memory[VectorStorage.Float16].Vectors,
            0.05 * memory[VectorStorage.Float32].Total);
    }

    private static CollectionConfig Config(string name, int dimension) => new()
    {
        Name = name,
        Dimension = dimension,
        Metric = Metric.L2,
        VectorStorage = VectorStorage.Float16,
        Hnsw = new HnswConfig { M = 4, EfConstruction = 8 },
    };
}
