using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Storage;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>What each durability promises: seen at once in every mode, and lost in a crash only as far as it says.</summary>
public sealed class DurabilityTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<Durability> Modes => [.. Enum.GetValues<Durability>()];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Write_InMemory_IsSeenAtOnceAndFlushedWithTheNextThatIsNot()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(Options(folder));
        Collection collection = await test.CreateAsync(Config());
        ulong flushed = await WriteAsync(collection, 1, Durability.Fsynced);
        string before = Read(collection, flushed);

        ulong inMemory = await WriteAsync(collection, 2, Durability.Memory);

        Assert.Equal((flushed, inMemory), (test.Database.GetStats().DurableSequence, test.Database.GetStats().Sequence));
        string after = Read(collection, inMemory);
        Assert.NotEqual(before, after);
        Assert.Equal(before, await ReadAfterCrashAsync(folder));
        ulong last = await WriteAsync(collection, 3, Durability.Fsynced);
        Assert.Equal(last, test.Database.GetStats().DurableSequence);
        Assert.Equal(Read(collection, last), await ReadAfterCrashAsync(folder));
    }

    [Fact]
    public async Task Write_Logged_BecomesDurableThoughNobodyWaits()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(Options(folder));
        Collection collection = await test.CreateAsync(Config());
        foreach (Func<Task<ulong>> write in Writes(collection, 1, Durability.Logged))
        {
            ulong sequence = await write();

            await DurableAsync(test.Database, sequence);
        }

        Assert.Equal(Read(collection, 0), await ReadAfterCrashAsync(folder));
    }

    [Fact]
    public async Task Write_InMemoryAndNothingAfterIt_IsFlushedAfterTheInterval()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(Options(folder) with { FlushInterval = TimeSpan.FromMilliseconds(1) });
        Collection collection = await test.CreateAsync(Config());

        ulong sequence = await WriteAsync(collection, 1, Durability.Memory);

        await DurableAsync(test.Database, sequence);
        Assert.Equal(Read(collection, sequence), await ReadAfterCrashAsync(folder));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Dispose_AfterWritesOfAnyMode_HasThemAllAfterTheRestart(Durability durability)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(Options(folder));
        Collection collection = await test.CreateAsync(Config());
        ulong sequence = await WriteAsync(collection, 1, durability);
        string written = Read(collection, sequence);

        await test.RestartAsync();

        Assert.Equal(written, Read(test.Collection("points"), sequence));
        Assert.Equal(sequence, test.Database.GetStats().DurableSequence);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task Write_StoreThatHasFailed_IsRefusedInEveryMode(Durability durability)
    {
        using var folder = new DataFolder();
        await using (TestDatabase test = await TestDatabase.OpenAsync(Options(folder)))
        {
            await WriteAsync(await test.CreateAsync(Config()), 1, Durability.Fsynced);
        }

        await using TestDatabase failed = await TestDatabase.OpenAsync(Options(folder));
        // The first commit of a run replaces this file, and no file can replace a folder.
        string highWater = new StorageLayout(folder.Path).HighWaterFile;
        File.Delete(highWater);
        Directory.CreateDirectory(Path.Combine(highWater, "occupied"));
        Collection collection = failed.Collection("points");
        Assert.Equal(EngineStatus.Unavailable, (await collection.UpsertAsync([NewPoint(9)], new Faults(), Cancellation)).Error?.Status);
        string before = Read(collection, 0);

        EngineError?[] errors =
        [
            (await collection.UpsertAsync([NewPoint(10)], new Faults(), Cancellation, durability)).Error,
            (await collection.UpsertAsync([NewPoint(10)], new WriteOrder(), new Faults(), Cancellation, durability)).Error,
            (await collection.DeleteAsync([PointId.FromNumber(1)], new Faults(), Cancellation, durability)).Error,
            (await collection.UpdateAttributesAsync([Update(1, 5)], new Faults(), Cancellation, durability)).Error,
        ];

        Assert.All(errors, error => Assert.Equal(EngineStatus.Unavailable, error?.Status));
        Assert.Equal(before, Read(collection, 0));
    }

    // No write is flushed by the clock while a test runs.
    private static DatabaseOptions Options(DataFolder folder) => new() { DataDirectory = folder.Path, FlushInterval = TimeSpan.FromDays(1) };

    private static CollectionConfig Config() => new() { Name = "points", Dimension = 2, Metric = Metric.L2 };

    private static Point NewPoint(ulong number) => new(PointId.FromNumber(number), new float[] { 1, number }, Point.NoAttributes);

    private static AttributeUpdate Update(ulong number, long value) =>
        new(PointId.FromNumber(number), new Dictionary<string, AttributeValue> { ["n"] = AttributeValue.Of(value) }, [], false);

    private static async Task<ulong> WriteAsync(Collection collection, ulong round, Durability durability)
    {
        ulong last = 0;
        foreach (Func<Task<ulong>> write in Writes(collection, round, durability))
        {
            last = await write();
        }

        return last;
    }

    // Every kind of write. Each changes something and answers with its sequence.
    private static IEnumerable<Func<Task<ulong>>> Writes(Collection collection, ulong round, Durability durability)
    {
        ulong first = round * 10;
        yield return async () => (await collection.UpsertAsync([NewPoint(first)], new Faults(), Cancellation, durability)).Value.Sequence;
        yield return async () => (await collection.UpsertAsync(
            [NewPoint(first + 1), NewPoint(first + 2), NewPoint(first + 3)], new WriteOrder(), new Faults(), Cancellation, durability)).Value.Sequence;
        yield return async () => (await collection.UpdateAttributesAsync(
            [Update(first + 1, 7), Update(first + 2, 8)], new Faults(), Cancellation, durability)).Value.Write.Sequence;
        yield return async () => (await collection.DeleteAsync(
            [PointId.FromNumber(first)], new Faults(), Cancellation, durability)).Value.Sequence;
        yield return async () => (await collection.DeleteAsync(
            new FilterSpec("n = 8", null), new Faults(), Cancellation, durability)).Value.Sequence;
    }

    // The points and their attributes.
    private static string Read(Collection collection, ulong readAfter) => string.Join(' ', collection.Scroll(
        new ScrollQuery { WithAttributes = true, ReadAfter = readAfter }, new Faults(), Cancellation).Value.Points.Select(
            point => $"{point.Id}:{string.Join(',', point.Attributes)}"));

    private static async Task<string> ReadAfterCrashAsync(DataFolder folder)
    {
        using DataFolder crashed = folder.Snapshot();
        await using TestDatabase test = await TestDatabase.OpenAsync(crashed);
        return Read(test.Collection("points"), 0);
    }

    private static async Task DurableAsync(Database database, ulong sequence)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        while (database.GetStats().DurableSequence < sequence)
        {
            await Task.Delay(1, patience.Token);
        }
    }
}
