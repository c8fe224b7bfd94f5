using AnnServer.Core.Graph;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Maintenance;

/// <summary>Deleted and replaced points leave the graph, and it stays as good as a new one.</summary>
public sealed class SweepTests
{
    private const int FewestAnswers = 20;
    private const int Points = 1500;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(VectorStorage.Float32)]
    [InlineData(VectorStorage.Float16)]
    public async Task Churn_ReplacedAndDeleted_KeepsSlotsBoundedAndRecall(VectorStorage storage)
    {
        var random = new Random(77);
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config("points", storage));
        var model = new ModelCollection(collection.Config);
        var workload = new Workload(random, model, 1);
        await workload.Upsert(Batch(workload, 0, Points))(collection);
        for (int round = 0; round < 3; round++)
        {
            for (int from = 0; from < Points; from += 300)
            {
                await workload.Upsert(Batch(workload, from, 300))(collection);
                await test.SettleAsync("points", workload.Hidden);
            }

            await workload.Delete([.. Enumerable.Range(0, Points / 2).Select(i => RandomPoints.Id((i * 2) + (round & 1)))])(collection);
            await test.SettleAsync("points", workload.Hidden);
            // Nobody has written since the sweep.
            Assert.Empty(GraphAudit.FindUnreachable(collection.Data.Index));
            await workload.Upsert(Batch(workload, 0, Points))(collection);
            await test.SettleAsync("points", workload.Hidden);
        }

        VectorIndex index = collection.Data.Index;
        Assert.True(workload.Hidden >= 6 * Points);
        Assert.False(TestDatabase.IsSweepDue(index));
        Assert.Equal(index.HiddenCount, collection.GetInfo().DeletedSlots);
        // Live and hidden points, and what one batch can hide while a sweep is under way.
        Assert.True(index.SlotCount <= 2.5 * Points, $"{index.SlotCount} slots for {Points} points");
        Assert.Empty(GraphAudit.FindFaults(index));
        model.AssertAll(collection);

        Collection fresh = await test.CreateAsync(Config("fresh", storage));
        await new Workload(random, new ModelCollection(fresh.Config), 1)
            .Upsert([.. model.Points.Select(p => new Point(p.Key, p.Value.Vector, p.Value.Attributes))])(fresh);
        float[][] queries = [.. Enumerable.Range(0, 300).Select(_ => RandomPoints.Vector(random, 16))];
        double churned = Recall(collection, model, queries);
        double built = Recall(fresh, model, queries);
        Assert.True(churned >= built - 0.01, $"recall {churned} after churn, {built} in a fresh graph");

        await test.RestartAsync();
        model.AssertAll(test.Collection("points"));
        Assert.Equal(churned, Recall(test.Collection("points"), model, queries));
    }

    [Fact]
    public async Task Sweep_ReadersAndWriters_SeeOnlyTrueScores()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config("points"));
        Assert.Null((await collection.UpsertAsync([.. Enumerable.Range(0, 600).Select(id => Versioned(id, 0))], new Faults(), Cancellation)).Error);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<int>[] readers = [.. Enumerable.Range(0, 3).Select(seed => Task.Run(() => Read(collection, seed, stop.Token), Cancellation))];
        for (int version = 1; version <= 8; version++)
        {
            Point[] points = [.. Enumerable.Range(0, 600).Select(id => Versioned(id, version))];
            foreach (Point[] chunk in points.Chunk(50))
            {
                Assert.Null((await collection.UpsertAsync(chunk, new Faults(), Cancellation)).Error);
            }
        }

        await test.SettleAsync("points", 600 * 8);
        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(readers), answers => Assert.True(answers >= FewestAnswers, $"{answers} answers"));
        Assert.True(test.ReleasedSlots >= 600 * 4);
        Assert.Empty(GraphAudit.FindFaults(collection.Data.Index));
    }

    [Fact]
    public async Task Delete_Everything_LeavesAnEmptyGraphThatGrowsAgain()
    {
        var random = new Random(3);
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config("points"));
        var model = new ModelCollection(collection.Config);
        var workload = new Workload(random, model, 1);
        for (int round = 0; round < 3; round++)
        {
            await workload.Upsert(Batch(workload, 0, 400))(collection);
            await workload.Delete([.. model.Points.Keys])(collection);
            var search = new SearchQuery { Vector = RandomPoints.Vector(random, 16), K = 5 };
            Assert.Empty(collection.Search(search, new Faults(), Cancellation).Value.Hits);
            await test.SettleAsync("points", workload.Hidden);
        }

        Assert.False(collection.Data.Index.TryGetEntry(out _));
        await workload.Upsert(Batch(workload, 0, 400))(collection);
        Assert.Empty(GraphAudit.FindUnreachable(collection.Data.Index));
        Assert.True(collection.Data.Index.SlotCount <= 800);
        model.AssertAll(collection);
        await test.RestartAsync();
        model.AssertAll(test.Collection("points"));
    }

    private static CollectionConfig Config(string name, VectorStorage storage = VectorStorage.Float32) => new()
    {
        Name = name,
        Dimension = 16,
        Metric = Metric.L2,
        VectorStorage = storage,
        Hnsw = new HnswConfig { M = 6, EfConstruction = 60 },
    };

    private static Point[] Batch(Workload workload, int from, int count) =>
        [.. Enumerable.Range(from, count).Select(i => workload.RandomPoint(RandomPoints.Id(i)))];

    private static double Recall(Collection collection, ModelCollection model, float[][] queries)
    {
        double sum = 0;
        foreach (float[] query in queries)
        {
            var search = new SearchQuery { Vector = query, K = 10, Ef = 40, WithAttributes = true, WithVector = true };
            SearchAnswer answer = collection.Search(search, new Faults(), Cancellation).Value;
            Assert.Equal(SearchStrategy.Graph, answer.Report.Strategy);
            sum += model.AssertApproximate(query, 10, null, answer.Hits);
        }

        return sum / queries.Length;
    }

    // The vector says which point and version it is, so that a hit can be checked without asking anybody.
    private static Point Versioned(int id, int version)
    {
        float[] vector = RandomPoints.Vector(new Random((id * 100) + version), 16);
        vector[0] = id;
        vector[1] = version;
        return new Point(PointId.FromNumber((ulong)id), vector, Point.NoAttributes);
    }

    private static int Read(Collection collection, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        int answers = 0;
        // A few even if the writers are done before this is scheduled.
        while (answers < FewestAnswers || !stop.IsCancellationRequested)
        {
            float[] query = Versioned(random.Next(600), random.Next(9)).Vector.ToArray();
            var search = new SearchQuery { Vector = query, K = 10, Ef = 20, WithVector = true, Exact = answers % 4 == 0 };
            IReadOnlyList<SearchHit> hits = collection.Search(search, new Faults(), CancellationToken.None).Value.Hits;
            Assert.Equal(10, hits.Count);
            Assert.Equal(10, hits.Select(hit => hit.Id).Distinct().Count());
            foreach (SearchHit hit in hits)
            {
                float[] vector = hit.Vector.ToArray();
                Assert.Equal(hit.Id.Number, (ulong)vector[0]);
                Assert.Equal(Versioned((int)hit.Id.Number, (int)vector[1]).Vector.ToArray(), vector);
                double squares = vector.Zip(query, (a, b) => ((double)a - b) * ((double)a - b)).Sum();
                Assert.Equal(Math.Sqrt(squares), hit.Score, 1e-3 * (1 + Math.Sqrt(squares)));
            }

            answers++;
        }

        return answers;
    }
}
