using AnnServer.Engine.Checkpoints;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;
using AnnServer.Engine.Tests.Recovery;

namespace AnnServer.Engine.Tests.Checkpoints;

public sealed class CheckpointTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AStartReplaysOnlyWhatCameAfterTheCheckpoint()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        CollectionConfig config = Config("points");
        var model = new ModelCollection(config);
        var workload = new Workload(new Random(1), model, 40);
        Collection collection = await test.CreateAsync(config);
        await workload.Upsert(500)(collection);
        long before = test.Database.GetStats().LogBytes;
        CheckpointReceipt made = await test.CheckpointAsync();

        Assert.Equal(test.Database.GetStats().Sequence, made.Sequence);
        Assert.InRange(made.LogBytes, 0, 4096);
        Assert.InRange(before, 100_000, long.MaxValue);
        await workload.Upsert(7)(collection);
        ulong sequence = test.Database.GetStats().Sequence;
        await test.RestartAsync();

        Assert.Equal(sequence - made.Sequence, (ulong)test.Database.GetStats().ReplayedRecords);
        Assert.Equal(sequence, test.Database.GetStats().Sequence);
        model.AssertAll(test.Collection("points"));
    }

    [Fact]
    public async Task ACheckpointOfTheFirstPointIsOne()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var model = new ModelCollection(Config("points"));
        await test.CreateAsync(model.Config);
        await test.CheckpointAsync();
        await test.RestartAsync();
        Assert.Equal(0, test.Collection("points").Count(FilterSpec.None, 0, new Faults(), Cancellation).Value);
        await new Workload(new Random(1), model, 1).Upsert(1)(test.Collection("points"));
        await test.CheckpointAsync();
        await test.RestartAsync();
        Assert.Equal(0, test.Database.GetStats().ReplayedRecords);
        model.AssertAll(test.Collection("points"));
    }

    [Fact]
    public async Task ManyStartsChangeNothing()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        CollectionConfig config = Config("points");
        var model = new ModelCollection(config);
        await new Workload(new Random(5), model, 40).Upsert(500)(await test.CreateAsync(config));
        await test.CheckpointAsync();
        for (int start = 0; start < 4; start++)
        {
            await test.RestartAsync();
            Assert.Equal(0, test.Database.GetStats().ReplayedRecords);
            model.AssertAll(test.Collection("points"));
        }
    }

    [Fact]
    public async Task TheLogIsCutBehindTheCheckpointBefore()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        CollectionConfig config = Config("points") with { Dimension = 3000 };
        var model = new ModelCollection(config);
        var workload = new Workload(new Random(2), model, 40);
        Collection collection = await test.CreateAsync(config);
        for (int round = 0; round < 4; round++)
        {
            // 36 MB of vectors, so that whole segments of 64 MiB fall away.
            await workload.Upsert(3000)(collection);
            await test.CheckpointAsync();
        }

        await workload.Upsert(1)(collection);
        string log = Path.Combine(folder.Path, "wal");
        while (File.Exists(Path.Combine(log, "log.0")))
        {
            await Task.Delay(10, Cancellation);
        }

        await test.RestartAsync();
        model.AssertAll(test.Collection("points"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task CheckpointsUnderLoadAreWhatTheCollectionsWere(int seed)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        string[] names = ["left", "right"];
        ModelCollection[] models = [.. names.Select(name => new ModelCollection(Config(name)))];
        foreach (string name in names)
        {
            await test.CreateAsync(Config(name));
        }

        for (int generation = 0; generation < 4; generation++)
        {
            using var stop = new CancellationTokenSource();
            Task[] writers = [.. names.Select((name, i) => Task.Run(() => WriteAsync(test, name, models[i], new Random((seed * 100) + (generation * 10) + i)), Cancellation))];
            Task checkpoints = Task.Run(
                async () =>
                {
                    while (!stop.IsCancellationRequested)
                    {
                        await test.CheckpointAsync();
                    }
                },
                Cancellation);
            await Task.WhenAll(writers);
            await stop.CancelAsync();
            await checkpoints;
            string[] texts = await StopAsync(test, names);
            await test.RestartAsync();

            Assert.Equal(texts, names.Select(name => GraphText.Of(test.Collection(name).Data.Index)));
            Array.ForEach(models, model => model.AssertAll(test.Collection(model.Config.Name)));
        }
    }

    [Fact]
    public async Task CollectionsComeAndGoWhileCheckpointsAreMade()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(4);
        var models = new Dictionary<string, ModelCollection>();
        for (int round = 0; round < 30; round++)
        {
            Task checkpoint = test.CheckpointAsync();
            string name = $"c{random.Next(5)}";
            if (models.Remove(name))
            {
                Assert.Null((await test.Database.DeleteCollectionAsync(name, Cancellation)).Error);
            }
            else
            {
                var model = new ModelCollection(Config(name));
                models.Add(name, model);
                await new Workload(random, model, 30).Upsert(200)(await test.CreateAsync(model.Config));
            }

            await checkpoint;
            if (round % 5 == 4)
            {
                await test.RestartAsync();
                Assert.Equal(models.Keys.Order(), test.Database.ListCollections().Select(collection => collection.Config.Name));
                Assert.All(models, model => model.Value.AssertAll(test.Collection(model.Key)));
            }
        }
    }

    [Theory]
    [InlineData(VectorPlacement.Memory)]
    [InlineData(VectorPlacement.Disk)]
    public async Task ARoundIsWhatWasWhenItBegan_AlsoWhereSlotsAreGivenToOthersMeanwhile(VectorPlacement placement)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var model = new ModelCollection(Config("points") with { Quantization = Quantization.Int8, VectorPlacement = placement });
        Collection collection = await test.CreateAsync(model.Config);
        CollectionData data = collection.Data;
        var workload = new Workload(new Random(6), model, 1);
        await workload.Upsert([.. Enumerable.Range(0, 900).Select(i => workload.RandomPoint(PointId.FromNumber((ulong)i)))])(collection);
        Dictionary<(PageKind, uint), byte[]> expected = [];
        lock (data.CommitLock)
        {
            data.Pages.BeginRound(everything: false);
            var all = new PageBatch();
            for (uint slot = 0; slot < data.Index.SlotCount; slot++)
            {
                Array.ForEach(Enum.GetValues<PageKind>(), kind => all.Add(data, kind, slot));
            }

            AddTo(expected, all);
        }

        await workload.Delete([.. Enumerable.Range(100, 500).Select(i => PointId.FromNumber((ulong)i))])(collection);
        await test.SettleAsync("points", 500);
        Assert.Equal(500, test.ReleasedSlots);
        await workload.Upsert([.. Enumerable.Range(2000, 500).Select(i => workload.RandomPoint(PointId.FromNumber((ulong)i)))])(collection);
        Dictionary<(PageKind, uint), byte[]> taken = [];
        var batch = new PageBatch();
        do
        {
            batch.Clear();
            lock (data.CommitLock)
            {
                data.Pages.Take(ref batch);
            }

            AddTo(taken, batch);
        }
        while (batch.Count > 0);

        Assert.Equal(expected.Keys.Order(), taken.Keys.Order());
        Assert.All(expected, page => Assert.Equal(page.Value, taken[page.Key]));
    }

    [Fact]
    public async Task AfterTenOverwritesThePageStoreIsAtMostTwiceWhatIsLive()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var model = new ModelCollection(Config("points"));
        var workload = new Workload(new Random(8), model, 1);
        Collection collection = await test.CreateAsync(model.Config);
        await OverwriteAsync();
        await test.CheckpointAsync();
        long live = test.Database.GetStats().PageStoreBytes;
        for (int i = 0; i < 10; i++)
        {
            await OverwriteAsync();
            await test.CheckpointAsync();
            Assert.InRange(test.Database.GetStats().PageStoreBytes, live / 2, 2 * live);
        }

        await test.RestartAsync();
        model.AssertAll(test.Collection("points"));

        async Task OverwriteAsync()
        {
            await workload.Upsert([.. Enumerable.Range(0, 1500).Select(i => workload.RandomPoint(PointId.FromNumber((ulong)i)))])(collection);
            await test.SettleAsync("points", workload.Hidden);
        }
    }

    private static void AddTo(Dictionary<(PageKind, uint), byte[]> pages, PageBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            byte[] image = batch.Page(i, out PageKind kind, out uint slot).ToArray();
            pages.Add((kind, slot), image);
        }
    }

    private static async Task WriteAsync(TestDatabase test, string name, ModelCollection model, Random random)
    {
        var workload = new Workload(random, model, 30);
        await workload.Upsert(300)(test.Collection(name));
        for (int i = 0; i < 60; i++)
        {
            await workload.Next()(test.Collection(name));
        }
    }

    // The graphs, once no sweep changes them any more.
    private static async Task<string[]> StopAsync(TestDatabase test, string[] names)
    {
        foreach (string name in names)
        {
            while (TestDatabase.IsSweepDue(test.Collection(name).Data.Index))
            {
                await Task.Delay(5, Cancellation);
            }
        }

        // Slots that a sweep has forgotten are given back a moment later.
        await Task.Delay(50, Cancellation);
        return [.. names.Select(name => GraphText.Of(test.Collection(name).Data.Index))];
    }

    private static CollectionConfig Config(string name) => new()
    {
        Name = name,
        Dimension = 12,
        Metric = Metric.L2,
        Hnsw = new HnswConfig { M = 6, EfConstruction = 40 },
        Attributes = RandomPoints.Schema,
    };
}
