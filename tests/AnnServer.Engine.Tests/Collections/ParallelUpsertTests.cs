using AnnServer.Core.Graph;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Recovery;
using AnnServer.Storage;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>Requests whose points are planned side by side: what they leave must be what points written one by one would have left.</summary>
public sealed class ParallelUpsertTests
{
    private const int Dimension = 16;
    private const int Planners = 4;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Metric.L2, Quantization.None)]
    [InlineData(Metric.Cosine, Quantization.Int8)]
    [InlineData(Metric.Cosine, Quantization.Int4)]
    public async Task Upsert_PlannedSideBySide_HasTheRecallOfOneByOneAndComesBackTheSame(Metric metric, Quantization quantization)
    {
        var random = new Random(31);
        Point[] points = [.. Enumerable.Range(0, 4000).Select(i => NewPoint(i, RandomPoints.Vector(random, Dimension)))];
        float[][] queries = [.. Enumerable.Range(0, 200).Select(_ => RandomPoints.Vector(random, Dimension))];
        CollectionConfig config = Config() with { Metric = metric, Quantization = quantization, Hnsw = new HnswConfig { M = 8, EfConstruction = 60 } };
        double[] recalls = new double[2];
        for (int i = 0; i < recalls.Length; i++)
        {
            using var folder = new DataFolder();
            await using TestDatabase test = await TestDatabase.OpenAsync(folder, planningThreads: i == 0 ? 1 : Planners);
            Collection collection = await test.CreateAsync(config);
            Assert.Equal(points.Length, (await collection.UpsertAsync(points, new Faults(), Cancellation)).Value.Affected);
            recalls[i] = queries.Average(query => Recall(collection, points, query));
            Assert.Empty(GraphAudit.FindFaults(collection.Data.Index));
            Assert.Empty(GraphAudit.FindUnreachable(collection.Data.Index));

            string graph = GraphText.Of(collection.Data.Index);
            await test.RestartAsync();
            Assert.Equal(graph, GraphText.Of(test.Collection("points").Data.Index));
        }

        Assert.InRange(recalls[0], 0.9, 1);
        Assert.InRange(recalls[1], recalls[0] - 0.01, 1);
    }

    [Fact]
    public async Task Upsert_SameIdentifiersOverAndOverInARequest_KeepsTheLastOfEach()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder, planningThreads: Planners);
        Collection collection = await test.CreateAsync(Config());
        var random = new Random(32);
        Point[] points = NewPoints(random, 1000, ids: 40);

        Assert.Equal(points.Length, (await collection.UpsertAsync(points, new Faults(), Cancellation)).Value.Affected);

        AssertHolds(collection, points);
        await test.RestartAsync();
        AssertHolds(test.Collection("points"), points);
    }

    [Fact]
    public async Task Upsert_BegunInOneOrderAndNotAwaited_IsAppliedInThatOrder()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder, planningThreads: Planners);
        Collection collection = await test.CreateAsync(Config());
        var random = new Random(33);
        var order = new WriteOrder();
        var written = new List<Point>();
        var begun = new List<Task<EngineResult<WriteReceipt>>>();
        for (int i = 0; i < 300; i++)
        {
            Point[] points = NewPoints(random, 1 + random.Next(4), ids: 10);
            written.AddRange(points);
            begun.Add(collection.UpsertAsync(points, order, new Faults(), Cancellation).AsTask());
        }

        EngineResult<WriteReceipt>[] results = await Task.WhenAll(begun);

        ulong[] sequences = [.. results.Select(result => result.Value.Sequence)];
        Assert.Equal(sequences.Distinct().Order(), sequences);
        AssertHolds(collection, written);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public async Task Upsert_ManyInARequestWhileSomeAreHidden_GivesTheGraphOfOneByOne(int seed)
    {
        using var folder = new DataFolder();
        using var otherFolder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder, planningThreads: 1);
        await using TestDatabase other = await TestDatabase.OpenAsync(otherFolder, planningThreads: 1);
        Collection together = await test.CreateAsync(Config());
        Collection oneByOne = await other.CreateAsync(Config());
        var random = new Random(seed);
        for (int count = 6; count <= 360; count += 6)
        {
            Point[] points = [.. Enumerable.Range(count - 6, 6).Select(i => NewPoint(i, RandomPoints.Vector(random, Dimension)))];
            Assert.Null((await together.UpsertAsync(points, new Faults(), Cancellation)).Error);
            foreach (Point point in points)
            {
                Assert.Null((await oneByOne.UpsertAsync([point], new Faults(), Cancellation)).Error);
            }

            PointId gone = PointId.FromNumber((ulong)random.Next(count));
            Assert.Null((await together.DeleteAsync([gone], new Faults(), Cancellation)).Error);
            Assert.Null((await oneByOne.DeleteAsync([gone], new Faults(), Cancellation)).Error);
        }

        Assert.Equal(GraphText.Of(oneByOne.Data.Index), GraphText.Of(together.Data.Index));
    }

    [Fact]
    public async Task Upsert_MoreThanThereIsRoomFor_ChangesNothing()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder, new EngineLimits { MaxPointsPerCollection = 100 }, Planners);
        Collection collection = await test.CreateAsync(Config());
        Assert.Null((await collection.UpsertAsync(NewPoints(0, 60), new Faults(), Cancellation)).Error);
        ulong sequence = test.Database.GetStats().Sequence;

        EngineError? error = (await collection.UpsertAsync(NewPoints(50, 41), new Faults(), Cancellation)).Error;

        Assert.Equal(EngineStatus.ResourceExhausted, error?.Status);
        Assert.Contains("41", error!.Message, StringComparison.Ordinal);
        Assert.Equal(sequence, test.Database.GetStats().Sequence);
        AssertHolds(collection, NewPoints(0, 60));
        Assert.Null((await collection.UpsertAsync(NewPoints(60, 40), new Faults(), Cancellation)).Error);
        Assert.Equal(100, collection.Data.Index.LiveCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(Planners)]
    public async Task Upsert_CancelledMidway_GivesBackTheSlotsOfWhatWasNotWritten(int planners)
    {
        const int Capacity = 1000;
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder, new EngineLimits { MaxPointsPerCollection = Capacity }, planners);
        Collection collection = await test.CreateAsync(Config());
        using var cancelling = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<EngineResult<WriteReceipt>> upsert;
        lock (collection.Data.CommitLock)
        {
            // Nothing is applied while the lock is held here, and only a few points can be planned ahead.
            upsert = collection.UpsertAsync(NewPoints(0, Capacity), new Faults(), cancelling.Token).AsTask();
            cancelling.Cancel();
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => upsert);

        // Applied is a beginning of the request; every other slot can be had.
        int live = collection.Data.Index.LiveCount;
        Assert.InRange(live, 0, Capacity - 1);
        AssertHolds(collection, NewPoints(0, live));
        Assert.Null((await collection.UpsertAsync(NewPoints(live, Capacity - live), new Faults(), Cancellation)).Error);
        AssertHolds(collection, NewPoints(0, Capacity));
    }

    [Fact]
    public async Task Upsert_StoreFailsMidway_LeavesABeginningOfTheRequestAndNoSlotBehind()
    {
        const int Count = 9000;
        using var folder = new DataFolder();
        await using (TestDatabase test = await TestDatabase.OpenAsync(folder))
        {
            await test.CreateAsync(Config() with { Dimension = 128, Hnsw = new HnswConfig { M = 4, EfConstruction = 4 } });
        }

        string highWater = new StorageLayout(folder.Path).HighWaterFile;
        byte[] saved = await File.ReadAllBytesAsync(highWater, Cancellation);
        Point[] points = [.. Enumerable.Range(0, Count).Select(i => NewPoint(i, RandomPoints.Vector(new Random(i), 128)))];
        await using (TestDatabase test = await TestDatabase.OpenAsync(folder, new EngineLimits { MaxPointsPerCollection = Count }, Planners))
        {
            // The first commit of a run replaces this file, and no file can replace a folder. The log is large enough by then.
            File.Delete(highWater);
            Directory.CreateDirectory(Path.Combine(highWater, "occupied"));
            Collection collection = test.Collection("points");

            EngineError? error = (await collection.UpsertAsync(points, new Faults(), Cancellation)).Error;

            Assert.Equal(EngineStatus.Unavailable, error?.Status);
            uint[] free = new uint[Count - collection.Data.Index.LiveCount];
            Assert.True(collection.Data.Index.TryReserve(free));
        }

        Directory.Delete(highWater, recursive: true);
        await File.WriteAllBytesAsync(highWater, saved, Cancellation);
        await using TestDatabase again = await TestDatabase.OpenAsync(folder);
        int logged = again.Collection("points").Data.Index.LiveCount;
        AssertHolds(again.Collection("points"), points.Take(logged));
    }

    [Fact]
    public async Task Dispose_WhileUpsertsWait_RefusesThem()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder, planningThreads: 1);
        Collection collection = await test.CreateAsync(Config());
        var order = new WriteOrder();
        Task<EngineResult<WriteReceipt>>[] upserts =
            [.. Enumerable.Range(0, 20).Select(i => collection.UpsertAsync(NewPoints(i * 1000, 1000), order, new Faults(), Cancellation).AsTask())];

        await test.Database.DisposeAsync();

        EngineResult<WriteReceipt>[] results = await Task.WhenAll(upserts);
        int acknowledged = results.TakeWhile(result => result.IsOk).Count();
        Assert.All(results.Skip(acknowledged), result => Assert.Equal(EngineStatus.Unavailable, result.Error!.Status));
        Assert.False((await collection.UpsertAsync(NewPoints(0, 2), new Faults(), Cancellation)).IsOk);
        await test.RestartAsync();
        Assert.InRange(test.Collection("points").Data.Index.LiveCount, acknowledged * 1000, (acknowledged + 1) * 1000);
    }

    [Fact]
    public async Task WaitForRoom_ManyPointsWaiting_CompletesWhenTheyAreWorkedOff()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder, planningThreads: 1);
        Collection collection = await test.CreateAsync(Config());
        var order = new WriteOrder();
        Assert.True(order.WaitForRoomAsync(Cancellation).IsCompleted);
        Task<EngineResult<WriteReceipt>> upsert;
        Task room;
        lock (collection.Data.CommitLock)
        {
            upsert = collection.UpsertAsync(NewPoints(0, 3000), order, new Faults(), Cancellation).AsTask();
            room = order.WaitForRoomAsync(Cancellation);
            Assert.False(room.IsCompleted);
        }

        await room;
        Assert.Null((await upsert).Error);
    }

    private static CollectionConfig Config() => new()
    {
        Name = "points",
        Dimension = Dimension,
        Metric = Metric.L2,
        Hnsw = new HnswConfig { M = 6, EfConstruction = 30 },
    };

    private static Point NewPoint(int id, float[] vector) => new(PointId.FromNumber((ulong)id), vector, Point.NoAttributes);

    private static Point[] NewPoints(int from, int count) =>
        [.. Enumerable.Range(from, count).Select(i => NewPoint(i, RandomPoints.Vector(new Random(i), Dimension)))];

    private static Point[] NewPoints(Random random, int count, int ids) =>
        [.. Enumerable.Range(0, count).Select(_ => NewPoint(random.Next(ids), RandomPoints.Vector(random, Dimension)))];

    // The last written of each identifier, and nothing else.
    private static void AssertHolds(Collection collection, IEnumerable<Point> written)
    {
        var expected = new Dictionary<PointId, float[]>();
        foreach (Point point in written)
        {
            expected[point.Id] = point.Vector.ToArray();
        }

        Assert.Equal(expected.Count, collection.Count(FilterSpec.None, 0, new Faults(), Cancellation).Value);
        foreach ((PointId id, float[] vector) in expected)
        {
            Assert.Equal(vector, Assert.Single(collection.Get([id], false, true, 0, new Faults()).Value).Vector.ToArray());
        }
    }

    // Of the ten nearest by brute force in double precision.
    private static double Recall(Collection collection, Point[] points, float[] query)
    {
        bool cosine = collection.Config.Metric == Metric.Cosine;
        HashSet<PointId> nearest = [.. points.OrderBy(point => Distance(point.Vector.Span, query, cosine)).Take(10).Select(point => point.Id)];
        var search = new SearchQuery { Vector = query, K = 10, Ef = 40 };
        return collection.Search(search, new Faults(), Cancellation).Value.Hits.Count(hit => nearest.Contains(hit.Id)) / 10.0;
    }

    private static double Distance(ReadOnlySpan<float> vector, float[] query, bool cosine)
    {
        double squares = 0, dot = 0, norm = 0;
        for (int i = 0; i < query.Length; i++)
        {
            squares += ((double)vector[i] - query[i]) * ((double)vector[i] - query[i]);
            dot += (double)vector[i] * query[i];
            norm += (double)vector[i] * vector[i];
        }

        return cosine ? -dot / Math.Sqrt(norm) : squares;
    }
}
