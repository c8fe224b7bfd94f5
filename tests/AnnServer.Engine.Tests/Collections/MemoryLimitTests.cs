using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using Microsoft.Extensions.Time.Testing;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>In a process whose memory the test says.</summary>
public sealed class MemoryLimitTests
{
    private const long Limit = 1_000_000;

    private readonly FakeTimeProvider _time = new();
    private long _used;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Writes_MemoryShort_AreRefusedAndChangeNothingUntilThereIsMore()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(Options(folder, Limit));
        Collection collection = await test.CreateAsync(Config("points"));
        Assert.Null((await collection.UpsertAsync(NewPoints(1, 9), new Faults(), Cancellation)).Error);
        ulong sequence = test.Database.GetStats().Sequence;

        Pass(850_001);

        Assert.All(await GrowAsync(test.Database, collection), error =>
        {
            Assert.Equal(EngineStatus.ResourceExhausted, error?.Status);
            Assert.Contains("850001 bytes", error!.Message, StringComparison.Ordinal);
            Assert.Contains($"MemoryLimitBytes, {Limit}", error.Message, StringComparison.Ordinal);
            Assert.Contains("Nothing was written", error.Message, StringComparison.Ordinal);
        });
        Assert.Equal(sequence, test.Database.GetStats().Sequence);
        Assert.NotNull(test.Database.MemoryShortage);
        Assert.Equal((850_001, Limit), (test.Database.ProcessMemoryBytes, test.Database.MemoryLimitBytes));
        // What takes nothing, or gives some back, goes on.
        var query = new SearchQuery { Vector = new float[4], K = 3 };
        Assert.Equal(3, collection.Search(query, new Faults(), Cancellation).Value.Hits.Count);
        Assert.Null((await collection.DeleteAsync([PointId.FromNumber(9)], new Faults(), Cancellation)).Error);
        Assert.Equal(8, collection.PointCount);
        await test.CheckpointAsync();

        Pass(849_999);

        Assert.All(await GrowAsync(test.Database, collection), Assert.Null);
        Assert.Null(test.Database.MemoryShortage);
    }

    [Theory]
    [InlineData(949_999, true)]
    [InlineData(950_001, false)]
    public async Task UpdateAttributes_BegunBeforeTheShortage_GoesOnUntilItIsSevere(long then, bool isFinished)
    {
        const int Count = 50;
        using var folder = new DataFolder();
        int reads = 0;
        DatabaseOptions options = Options(folder, Limit);
        await using TestDatabase test = await TestDatabase.OpenAsync(options with
        {
            // However often somebody looks at the clock while a commit is made.
            DiskTimeout = TimeSpan.FromDays(1),
            ReadMemory = () =>
            {
                // Every look at the clock finds that much time passed.
                _time.Advance(TimeSpan.FromSeconds(1));
                return reads++ < 5 ? 0 : Volatile.Read(ref _used);
            },
        });
        Collection collection = await test.CreateAsync(Config("points"));
        Assert.Null((await collection.UpsertAsync(NewPoints(1, Count), new Faults(), Cancellation)).Error);
        AttributeUpdate[] updates = [.. Enumerable.Range(1, Count).Select(i =>
            new AttributeUpdate(PointId.FromNumber((ulong)i), new Dictionary<string, AttributeValue> { ["n"] = AttributeValue.Of(i) }, [], false))];

        reads = 0;
        _time.Advance(TimeSpan.FromSeconds(1));
        Volatile.Write(ref _used, then);
        EngineError? error = (await collection.UpdateAttributesAsync(updates, new Faults(), Cancellation)).Error;

        Assert.Equal(isFinished, error is null);
        if (!isFinished)
        {
            Assert.Equal(EngineStatus.ResourceExhausted, error!.Status);
            Assert.Contains("Some of the request may have been written", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Writes_NoLimit_GoOn()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(Options(folder, 0));
        Pass(long.MaxValue);
        Collection collection = await test.CreateAsync(Config("points"));

        Assert.Null((await collection.UpsertAsync(NewPoints(1, 9), new Faults(), Cancellation)).Error);
        Assert.Null(test.Database.MemoryShortage);
    }

    [Fact]
    public async Task Writes_LimitChanges_GoByTheNewOne()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(Options(folder, Limit));
        Collection collection = await test.CreateAsync(Config("points"));
        Pass(Limit);
        Assert.NotNull((await collection.UpsertAsync(NewPoints(1, 9), new Faults(), Cancellation)).Error);

        test.Database.MemoryLimitBytes = 2 * Limit;
        Assert.Null((await collection.UpsertAsync(NewPoints(1, 9), new Faults(), Cancellation)).Error);
        test.Database.MemoryLimitBytes = Limit;

        Assert.All(await GrowAsync(test.Database, collection), Assert.NotNull);
        Assert.Throws<ArgumentOutOfRangeException>(() => test.Database.MemoryLimitBytes = -1);
    }

    private static async Task<EngineError?[]> GrowAsync(Database database, Collection collection) =>
    [
        (await collection.UpsertAsync(NewPoints(20, 1), new Faults(), Cancellation)).Error,
        (await collection.UpsertAsync(NewPoints(21, 3), new WriteOrder(), new Faults(), Cancellation)).Error,
        (await collection.UpdateAttributesAsync(
            [new AttributeUpdate(PointId.FromNumber(1), new Dictionary<string, AttributeValue> { ["n"] = AttributeValue.Of(5) }, [], false)],
            new Faults(),
            Cancellation)).Error,
        (await database.UpdateCollectionAsync("points", [new AttributeSchema("n", AttributeType.Int64)], [], new Faults(), Cancellation)).Error,
        (await database.CreateCollectionAsync(Config("more"), new Faults(), Cancellation)).Error,
    ];

    private static CollectionConfig Config(string name) => new() { Name = name, Dimension = 4, Metric = Metric.L2 };

    private static Point[] NewPoints(int first, int count) =>
        [.. Enumerable.Range(first, count).Select(i => new Point(PointId.FromNumber((ulong)i), new float[] { i, 1, 2, 3 }, Point.NoAttributes))];

    private DatabaseOptions Options(DataFolder folder, long limit) => new()
    {
        DataDirectory = folder.Path,
        MemoryLimitBytes = limit,
        ReadMemory = () => Volatile.Read(ref _used),
        Time = _time,
    };

    // Far enough that it is read again.
    private void Pass(long used)
    {
        Volatile.Write(ref _used, used);
        _time.Advance(TimeSpan.FromSeconds(1));
    }
}
