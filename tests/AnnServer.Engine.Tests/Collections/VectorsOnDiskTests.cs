using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>Collections whose vectors leave the memory with the checkpoints: the same answers, in bounded memory, and no damaged vector served.</summary>
public sealed class VectorsOnDiskTests
{
    private const int Dimension = 24;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Metric.L2, Quantization.Int8, VectorStorage.Float32, 1)]
    [InlineData(Metric.Cosine, Quantization.Int4, VectorStorage.Float32, 2)]
    [InlineData(Metric.Dot, Quantization.Int8, VectorStorage.Float16, 3)]
    [InlineData(Metric.Cosine, Quantization.Int8, VectorStorage.Float16, 4)]
    public async Task RandomChangesCheckpointsAndRestarts_AnswerAsTheModel(Metric metric, Quantization quantization, VectorStorage storage, int seed)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var model = new ModelCollection(Config("points") with { Metric = metric, Quantization = quantization, VectorStorage = storage });
        var random = new Random(seed);
        var workload = new Workload(random, model, 40);
        await workload.Upsert(600)(await test.CreateAsync(model.Config));
        double recall = 0;
        for (int round = 1; round <= 12; round++)
        {
            await test.CheckpointAsync();
            for (int i = 0; i < 10; i++)
            {
                await workload.Next()(test.Collection("points"));
            }

            if (round % 3 == 0)
            {
                await test.RestartAsync();
            }

            Collection collection = test.Collection("points");
            model.AssertAll(collection);
            float[] query = RandomPoints.Vector(random, Dimension);
            ModelFilter filter = ModelFilter.Random(random);
            model.AssertExact(query, 10, null, Search(collection, query, null, exact: true));
            model.AssertExact(query, 10, filter, Search(collection, query, filter, exact: true));
            recall += model.AssertApproximate(query, 10, null, Search(collection, query, null, exact: false));
            recall += model.AssertApproximate(query, 10, filter, Search(collection, query, filter, exact: false));
        }

        Assert.InRange(recall / 24, 0.97, 1);
    }

    [Fact]
    public async Task Search_WhileVectorsAreMovedReplacedAndRewritten_FindsWhatIsThere()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config("points"));
        // The vector of a point says which point it is of, whatever its generation.
        const int Points = 400;
        await UpsertAsync(collection, Enumerable.Range(0, Points), generation: 0);
        using var stop = new CancellationTokenSource();
        Task checkpoints = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    await test.CheckpointAsync();
                }
            },
            Cancellation);
        Task<int>[] searches = [.. Enumerable.Range(0, 2).Select(i => Task.Run(() => SearchUntil(collection, Points, i, stop.Token), Cancellation))];
        for (int generation = 1; generation <= 30; generation++)
        {
            await UpsertAsync(collection, Enumerable.Range(0, Points).Where(point => point % 7 != generation % 7), generation);
        }

        await stop.CancelAsync();
        await checkpoints;
        Assert.All(await Task.WhenAll(searches), done => Assert.InRange(done, 1, int.MaxValue));
        Assert.True(test.Database.GetStats().CheckpointNumber > 5);
    }

    [Fact]
    public async Task Upsert_FarMoreThanTheMemoryForVectors_KeepsWithinIt()
    {
        using var folder = new DataFolder();
        const int Limit = 1 << 20;
        await using TestDatabase test = await TestDatabase.OpenAsync(
            new DatabaseOptions { DataDirectory = folder.Path, VectorMemoryBytes = Limit, PlanningThreads = 2 });
        var model = new ModelCollection(Config("points") with { Dimension = 512, Quantization = Quantization.Int4 });
        Collection collection = await test.CreateAsync(model.Config);
        var workload = new Workload(new Random(7), model, 40);
        using var stop = new CancellationTokenSource();
        Task<long> most = Task.Run(
            async () =>
            {
                long seen = 0;
                while (!stop.IsCancellationRequested)
                {
                    seen = Math.Max(seen, test.Database.VectorMemoryUsed);
                    await Task.Yield();
                }

                return seen;
            },
            Cancellation);
        long written = 0;
        for (int i = 0; i < 20; i++)
        {
            await workload.Upsert(300)(collection);
            written += 300 * 512 * sizeof(float);
        }

        await stop.CancelAsync();
        // Who takes a point that there is room for takes it whole: two planners, and one that upserts by itself.
        Assert.InRange(await most, Limit / 2, Limit + (3 * 512 * sizeof(float)));
        Assert.InRange(written, 10 * Limit, long.MaxValue);
        model.AssertAll(collection);
        await test.RestartAsync();
        model.AssertAll(test.Collection("points"));
        Assert.InRange(test.Database.VectorMemoryUsed, 0, Limit);
    }

    [Fact]
    public async Task Read_OfADamagedVector_IsDataLossAndNothingElse()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var model = new ModelCollection(Config("points"));
        Collection collection = await test.CreateAsync(model.Config);
        await new Workload(new Random(3), model, 40).Upsert(500)(collection);
        await test.CheckpointAsync();
        Damage(folder, model.Points.Values.First().Vector);
        PointId damaged = model.Points.Keys.First();

        EngineError? got = collection.Get([damaged], false, true, 0, new Faults()).Error;
        EngineError? found = collection.Search(
            new SearchQuery { Vector = model.Points[damaged].Vector, K = 3 }, new Faults(), Cancellation).Error;
        EngineError? scrolled = collection.Scroll(new ScrollQuery { WithVector = true, PageSize = 500 }, new Faults(), Cancellation).Error;

        Assert.All([got, found, scrolled], error => Assert.Equal(EngineStatus.DataLoss, error?.Status));
        // What needs no vector of it is served.
        Assert.Null(collection.Get([damaged], true, false, 0, new Faults()).Error);
        Assert.All(model.Points.Keys.Skip(1), id => model.AssertPoint(Assert.Single(collection.Get([id], true, true, 0, new Faults()).Value)));
    }

    [Fact]
    public async Task Create_WithoutCodes_IsRefused()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        foreach (CollectionConfig config in new[] { Config("a") with { Quantization = Quantization.None }, Config("b") with { Dimension = 8, Quantization = Quantization.Automatic } })
        {
            EngineError? error = (await test.Database.CreateCollectionAsync(config, new Faults(), Cancellation)).Error;
            Assert.Equal("config.vector_placement", Assert.Single(error!.Violations).Field);
        }
    }

    private static IReadOnlyList<SearchHit> Search(Collection collection, float[] query, ModelFilter? filter, bool exact)
    {
        var search = new SearchQuery
        {
            Vector = query,
            K = 10,
            Exact = exact,
            Filter = filter?.Spec ?? FilterSpec.None,
            WithAttributes = true,
            WithVector = true,
        };
        EngineResult<SearchAnswer> answer = collection.Search(search, new Faults(), Cancellation);
        Assert.Null(answer.Error);
        return answer.Value.Hits;
    }

    private static int SearchUntil(Collection collection, int points, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        int done = 0;
        while (!stop.IsCancellationRequested)
        {
            int point = random.Next(points);
            IReadOnlyList<SearchHit> hits = Search(collection, Vector(point, 0), null, exact: done % 5 == 0);
            Assert.Equal(10, hits.Count);
            Assert.Equal((ulong)point, hits[0].Id.Number);
            Assert.All(hits, hit => Assert.Equal(hit.Id.Number, (ulong)Math.Round(hit.Vector.Span[0] / 10)));
            done++;
        }

        return done;
    }

    private static async Task UpsertAsync(Collection collection, IEnumerable<int> numbers, int generation)
    {
        Point[] points = [.. numbers.Select(i => new Point(PointId.FromNumber((ulong)i), Vector(i, generation), Point.NoAttributes))];
        Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
    }

    private static float[] Vector(int point, int generation)
    {
        var vector = new float[Dimension];
        vector[0] = point * 10;
        vector[1] = generation * 0.01f;
        return vector;
    }

    // Flips a bit of the only place where a vector is stored outside of the log.
    internal static void Damage(DataFolder folder, ReadOnlySpan<float> vector)
    {
        ReadOnlySpan<byte> bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(vector);
        int damaged = 0;
        foreach (string file in Directory.EnumerateFiles(Path.Combine(folder.Path, "pages"), "*", SearchOption.AllDirectories))
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            byte[] content = new byte[stream.Length];
            stream.ReadExactly(content);
            int at = content.AsSpan().IndexOf(bytes);
            if (at >= 0)
            {
                stream.Position = at + 5;
                stream.WriteByte((byte)(content[at + 5] ^ 4));
                damaged++;
            }
        }

        Assert.Equal(1, damaged);
    }

    private static CollectionConfig Config(string name) => new()
    {
        Name = name,
        Dimension = Dimension,
        Metric = Metric.L2,
        Quantization = Quantization.Int8,
        VectorPlacement = VectorPlacement.Disk,
        Hnsw = new HnswConfig { M = 8, EfConstruction = 60 },
        Attributes = RandomPoints.Schema,
    };
}
