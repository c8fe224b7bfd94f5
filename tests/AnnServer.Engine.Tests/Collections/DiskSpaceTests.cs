using AnnServer.Core.Graph;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Storage;
using Microsoft.Extensions.Time.Testing;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>Over a disk whose free space the test says.</summary>
public sealed class DiskSpaceTests
{
    private const long Least = 1 << 20;
    private const long Plenty = 1L << 40;

    private readonly FakeTimeProvider _time = new();
    private long _free = Plenty;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Writes_DiskShortOfSpace_AreRefusedAndChangeNothingUntilThereIsSpace()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(Options(folder, Least));
        Collection collection = await test.CreateAsync(Config("points"));
        await test.CreateAsync(Config("dropped"));
        Assert.Null((await collection.UpsertAsync(NewPoints(1, 9), new Faults(), Cancellation)).Error);
        string before = Read(collection);
        DatabaseStats stats = test.Database.GetStats();

        Pass(Least - 1);

        Assert.All(await WriteAsync(test.Database, collection), error =>
        {
            Assert.Equal(EngineStatus.ResourceExhausted, error?.Status);
            Assert.Contains(folder.Path, error!.Message, StringComparison.Ordinal);
            Assert.Contains($"{Least - 1} bytes", error.Message, StringComparison.Ordinal);
            Assert.Contains("MinFreeDiskBytes", error.Message, StringComparison.Ordinal);
        });
        Assert.Equal(before, Read(collection));
        Assert.Empty(collection.Config.Attributes);
        Assert.Equal((stats.Sequence, stats.LogBytes), (test.Database.GetStats().Sequence, test.Database.GetStats().LogBytes));
        Assert.Equal(["dropped", "points"], test.Database.ListCollections().Select(c => c.Config.Name));
        Assert.Equal(CollectionState.ReadOnly, collection.GetInfo().State);
        Assert.Null(test.Database.Fault);
        Assert.NotNull(test.Database.DiskShortage);
        Assert.Equal(Least - 1, test.Database.FreeDiskBytes);
        Assert.Equal(3, Search(collection));
        // Every slot that a refused request had asked for can be had.
        Assert.Equal(9, collection.Data.Index.LiveCount);
        Assert.Null((await test.Database.DeleteCollectionAsync("dropped", Cancellation)).Error);

        Pass(Plenty);

        Assert.All(await WriteAsync(test.Database, collection), Assert.Null);
        Assert.Null(test.Database.DiskShortage);
        Assert.Equal(CollectionState.Ready, collection.GetInfo().State);
        string after = Read(collection);
        Assert.NotEqual(before, after);
        await test.RestartAsync();
        Assert.Equal(after, Read(test.Collection("points")));
        Assert.Equal(["more", "points"], test.Database.ListCollections().Select(c => c.Config.Name));
    }

    [Fact]
    public async Task Upsert_BegunBeforeTheShortage_IsFinished()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(Options(folder, Least));
        Collection collection = await test.CreateAsync(Config("points"));

        Pass(Least + 1000);
        Assert.Null((await collection.UpsertAsync(NewPoints(1, 100), new Faults(), Cancellation)).Error);

        Assert.NotNull(test.Database.DiskShortage);
        Assert.Equal(100, collection.PointCount);
        EngineError? refused = (await collection.UpsertAsync(NewPoints(101, 1), new Faults(), Cancellation)).Error;
        Assert.Equal(EngineStatus.ResourceExhausted, refused?.Status);
        Assert.Equal(100u, collection.Data.Index.SlotCount);
    }

    [Fact]
    public async Task Upsert_HalfOfTheReserveUsedUp_StopsAndGivesItsSlotsBack()
    {
        const int Count = 400;
        const long Little = 8000;
        using var folder = new DataFolder();
        DatabaseOptions options = Options(folder, Little) with { Limits = new EngineLimits { MaxPointsPerCollection = Count } };
        await using TestDatabase test = await TestDatabase.OpenAsync(options);
        Collection collection = await test.CreateAsync(Config("points"));

        Pass(Little + 1000);
        EngineError? error = (await collection.UpsertAsync(NewPoints(1, Count), new Faults(), Cancellation)).Error;

        Assert.Equal(EngineStatus.ResourceExhausted, error?.Status);
        Assert.Contains("half of MinFreeDiskBytes", error!.Message, StringComparison.Ordinal);
        Assert.Null(test.Database.Fault);
        int written = collection.PointCount;
        Assert.InRange(written, 1, Count - 1);
        Pass(Plenty);
        Assert.Null((await collection.UpsertAsync(NewPoints(written + 1, Count - written), new Faults(), Cancellation)).Error);
        Assert.Equal(Count, collection.PointCount);
    }

    [Fact]
    public async Task UpdateAttributes_BegunBeforeTheShortage_IsFinishedDownToHalf()
    {
        const int Count = 100;
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(Options(folder, 8000));
        Collection collection = await test.CreateAsync(Config("points"));
        Assert.Null((await collection.UpsertAsync(NewPoints(1, Count), new Faults(), Cancellation)).Error);
        AttributeUpdate[] updates = [.. Enumerable.Range(1, Count).Select(i => Update((ulong)i, i))];

        Pass(8001);
        EngineError? error = (await collection.UpdateAttributesAsync(updates, new Faults(), Cancellation)).Error;

        Assert.Contains("half of MinFreeDiskBytes", error?.Message, StringComparison.Ordinal);
        long changed = collection.Count(new FilterSpec("n:*", null), 0, new Faults(), Cancellation).Value;
        Assert.InRange(changed, 10, Count - 1);
        error = (await collection.UpdateAttributesAsync(updates[^1..], new Faults(), Cancellation)).Error;
        Assert.Contains("Nothing was written", error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writes_NothingToBeKeptFree_GoOn()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(Options(folder, 0));
        _free = 0;

        Collection collection = await test.CreateAsync(Config("points"));

        Assert.All(await WriteAsync(test.Database, collection), Assert.Null);
        Assert.Equal(0, test.Database.FreeDiskBytes);
    }

    [Fact]
    public async Task Sweep_SpaceThatRunsOut_WaitsAndIsFinishedLater()
    {
        const int Hidden = 400;
        var random = new Random(11);
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(Options(folder, Least));
        Collection collection = await test.CreateAsync(Config("points") with { Dimension = 16, Hnsw = new HnswConfig { M = 6, EfConstruction = 40 } });
        Point[] points = [.. Enumerable.Range(0, 2 * Hidden).Select(
            i => new Point(PointId.FromNumber((ulong)i), RandomPoints.Vector(random, 16), Point.NoAttributes))];
        Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
        long logBytes = test.Database.GetStats().LogBytes;

        // Room for the record of the delete and for a few rows of the sweep.
        Pass(Least + 4000);
        PointId[] deleted = [.. points.Take(Hidden).Select(point => point.Id)];
        Assert.Equal(Hidden, (await collection.DeleteAsync(deleted, new Faults(), Cancellation)).Value.Affected);

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (test.Database.DiskShortage is null)
        {
            await Task.Delay(1, patience.Token);
        }

        // Long enough for a sweep that does not stop to be done.
        for (int i = 0; i < 100; i++)
        {
            await Task.Delay(1, Cancellation);
            Assert.Equal(Hidden, collection.Data.Index.HiddenCount);
        }

        Assert.InRange(test.Database.GetStats().LogBytes - logBytes, 4000, 6000);
        Pass(Plenty);
        await test.SettleAsync("points", Hidden);
        Assert.Equal(Hidden, test.ReleasedSlots);
        Assert.Empty(GraphAudit.FindFaults(collection.Data.Index));
        Assert.Empty(GraphAudit.FindUnreachable(collection.Data.Index));
    }

    [Fact]
    public async Task SmallDisk_FilledByTheLogAndByOthers_RefusesAndNeverFails()
    {
        const long Kept = 8 << 20;
        using SmallDisk disk = SmallDisk.MountOrSkip(megabytes: 40);
        string filler = Path.Combine(disk.Path, "filler");
        await File.WriteAllBytesAsync(filler, new byte[16 << 20], Cancellation);
        var options = new DatabaseOptions { DataDirectory = Path.Combine(disk.Path, "data"), MinFreeDiskBytes = Kept, Time = _time };
        await using TestDatabase test = await TestDatabase.OpenAsync(options);
        Collection collection = await test.CreateAsync(Config("points") with { Dimension = 1024 });
        int acknowledged = await FillAsync(collection, 0);

        Assert.InRange(DiskSpace.Read(disk.Path), Kept / 2, Kept);
        await File.WriteAllBytesAsync(filler + "2", new byte[DiskSpace.Read(disk.Path)], Cancellation);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, test.Database.FreeDiskBytes);
        Assert.Equal(acknowledged, await FillAsync(collection, acknowledged));
        Assert.Equal(3, Search(collection));
        Assert.Null(test.Database.Fault);

        File.Delete(filler);
        File.Delete(filler + "2");
        _time.Advance(TimeSpan.FromSeconds(1));
        int more = await FillAsync(collection, acknowledged);
        Assert.InRange(more, acknowledged + 500, int.MaxValue);
        Assert.Null(test.Database.Fault);
        await test.RestartAsync();
        Assert.Equal(more, test.Collection("points").PointCount);
        for (int i = 0; i < more; i += 97)
        {
            Assert.Single(test.Collection("points").Get([PointId.FromNumber((ulong)i)], false, false, 0, new Faults()).Value);
        }

        Assert.Equal(more, await FillAsync(test.Collection("points"), more));

        // Writes until a request is refused: how many points there are then.
        static async Task<int> FillAsync(Collection collection, int from)
        {
            for (int next = from; next < 100_000; next += 10)
            {
                Point[] points = [.. Enumerable.Range(next, 10).Select(
                    i => new Point(PointId.FromNumber((ulong)i), RandomPoints.Vector(new Random(i), 1024), Point.NoAttributes))];
                if ((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error is { } error)
                {
                    Assert.Equal(EngineStatus.ResourceExhausted, error.Status);
                    Assert.Equal(next, collection.PointCount);
                    return next;
                }
            }

            throw new InvalidOperationException("The disk has no end.");
        }
    }

    private static CollectionConfig Config(string name) => new() { Name = name, Dimension = 2, Metric = Metric.L2 };

    private static Point[] NewPoints(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(i => new Point(PointId.FromNumber((ulong)i), new float[] { 1, i }, Point.NoAttributes))];

    private static AttributeUpdate Update(ulong number, long value) =>
        new(PointId.FromNumber(number), new Dictionary<string, AttributeValue> { ["n"] = AttributeValue.Of(value) }, [], false);

    // Every write that takes space.
    private static async Task<EngineError?[]> WriteAsync(Database database, Collection collection) =>
    [
        (await collection.UpsertAsync(NewPoints(20, 1), new Faults(), Cancellation)).Error,
        (await collection.UpsertAsync(NewPoints(21, 3), new Faults(), Cancellation, Durability.Memory)).Error,
        (await collection.UpsertAsync(NewPoints(24, 3), new WriteOrder(), new Faults(), Cancellation)).Error,
        (await collection.UpdateAttributesAsync([Update(1, 5), Update(2, 6)], new Faults(), Cancellation)).Error,
        (await collection.DeleteAsync([PointId.FromNumber(4)], new Faults(), Cancellation)).Error,
        (await collection.DeleteAsync(new FilterSpec("n = 5", null), new Faults(), Cancellation)).Error,
        (await database.UpdateCollectionAsync(
            "points", [new AttributeSchema("n", AttributeType.Int64)], [], new Faults(), Cancellation)).Error,
        (await database.CreateCollectionAsync(Config("more"), new Faults(), Cancellation)).Error,
    ];

    private static string Read(Collection collection) => string.Join(' ', collection.Scroll(
        new ScrollQuery { WithAttributes = true }, new Faults(), Cancellation).Value.Points.Select(
            point => $"{point.Id}:{string.Join(',', point.Attributes)}"));

    private static int Search(Collection collection) => collection.Search(
        new SearchQuery { Vector = new float[collection.Config.Dimension], K = 3 }, new Faults(), Cancellation).Value.Hits.Count;

    private DatabaseOptions Options(DataFolder folder, long least) => new()
    {
        DataDirectory = folder.Path,
        MinFreeDiskBytes = least,
        ReadFreeBytes = _ => Volatile.Read(ref _free),
        Time = _time,
    };

    private void Pass(long free)
    {
        Volatile.Write(ref _free, free);
        _time.Advance(TimeSpan.FromMilliseconds(250));
    }
}
