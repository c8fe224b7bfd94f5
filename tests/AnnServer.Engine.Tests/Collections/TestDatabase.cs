using AnnServer.Core.Graph;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Testing;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>A database over a folder that can be closed and opened again.</summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private DatabaseOptions _options;
    private SweepMeter _meter = new();
    private RecordingLoggerProvider _log = new();

    private TestDatabase(DatabaseOptions options) => _options = options;

    public Database Database { get; private set; } = null!;

    public long ReleasedSlots => _meter.ReleasedSlots;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Task<TestDatabase> OpenAsync(DataFolder folder, EngineLimits? limits = null, int planningThreads = 0) => OpenAsync(
        new DatabaseOptions { DataDirectory = folder.Path, Limits = limits ?? new EngineLimits(), PlanningThreads = planningThreads });

    public static async Task<TestDatabase> OpenAsync(DatabaseOptions options)
    {
        var opened = new TestDatabase(options);
        await opened.OpenAsync();
        return opened;
    }

    /// <param name="folder">Where it is opened, if not where it was.</param>
    public async Task RestartAsync(DataFolder? folder = null)
    {
        await Database.DisposeAsync();
        _options = folder is null ? _options : _options with { DataDirectory = folder.Path };
        await OpenAsync();
    }

    public async Task<Collection> CreateAsync(CollectionConfig config)
    {
        Assert.Null((await Database.CreateCollectionAsync(config, new Faults(), Cancellation)).Error);
        return Collection(config.Name);
    }

    public async Task<CheckpointReceipt> CheckpointAsync()
    {
        EngineResult<CheckpointReceipt> made = await Database.CheckpointAsync(Cancellation);
        Assert.Null(made.Error);
        return made.Value;
    }

    /// <summary>What has been logged as an error since the database was opened, or since the last call.</summary>
    public IReadOnlyList<string> TakeErrors() => _log.TakeErrors();

    public Collection Collection(string name) => Database.GetCollection(name).Value;

    /// <summary>
    /// Completes when no sweep of the collection is due or under way: every slot hidden since the database was opened is still
    /// hidden or has been given back.
    /// </summary>
    public async Task SettleAsync(string name, long hiddenSinceOpened)
    {
        VectorIndex index = Collection(name).Data.Index;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        while (IsSweepDue(index) || index.HiddenCount + ReleasedSlots != hiddenSinceOpened)
        {
            await Task.Delay(1, patience.Token);
        }
    }

    public static bool IsSweepDue(VectorIndex index) => index.HiddenCount >= 256 && index.HiddenCount >= index.LiveCount / 10;

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        _meter.Dispose();
        _log.Dispose();
    }

    private async Task OpenAsync()
    {
        _meter.Dispose();
        _meter = new SweepMeter();
        _log.Dispose();
        _log = new RecordingLoggerProvider();
        // The page log is written anew as soon as half of it is out of date, which happens in large ones only otherwise.
        try
        {
            Database = await Database.OpenAsync(_options with { LeastRewrittenBytes = 0 }, _log, _meter, Cancellation);
        }
        catch (IOException error)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{error.Message} Logged: {string.Join(" | ", _log.TakeErrors())}");
            throw;
        }

        // A checkpoint that is passed over would go unnoticed otherwise: the one before leads to the same state.
        Assert.Empty(_log.TakeErrors());
    }
}
