using System.Diagnostics.Metrics;
using AnnServer.Engine;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Rpc;

namespace AnnServer.Hosting;

/// <summary>
/// Holds the database between opening and closing. The ports answer before it is open, so that health can be asked meanwhile; so they do
/// while a backup takes its place.
/// </summary>
internal sealed class DatabaseHost(
    LiveOptions live, ILoggerFactory loggers, IMeterFactory meters, IHostApplicationLifetime lifetime, TimeProvider time) : IAsyncDisposable
{
    private const string Restoring = "A backup is being restored.";

    private readonly long _start = time.GetTimestamp();

    // Protects that the database is taken away and that is noted as one step, and so of its memory limit; held for a few instructions.
    private readonly Lock _gate = new();
    private Database? _database;
    private Task _restoring = Task.CompletedTask;
    private volatile string _whyNone = "The database is being opened.";

    /// <summary>The open database; a call that comes too early or too late is told to come again.</summary>
    public Database Current => Volatile.Read(ref _database)
        ?? throw StatusMapper.ToException(EngineError.Of(EngineStatus.Unavailable, NotReadyReason ?? _whyNone));

    /// <summary>Null before it is open and after it is closed.</summary>
    public Database? Open => Volatile.Read(ref _database);

    /// <summary>Time since the server was started.</summary>
    public TimeSpan Uptime => time.GetElapsedTime(_start);

    /// <summary>Null when reads and writes are served.</summary>
    public string? NotReadyReason => Volatile.Read(ref _database) switch
    {
        _ when lifetime.ApplicationStopping.IsCancellationRequested => "The server is stopping.",
        null => _whyNone,
        { Fault: { } fault } => $"Writes are refused: {fault.Message}",
        { DiskShortage: { } shortage } => $"Writes are refused: {shortage}",
        _ => null,
    };

    public async Task<Database> OpenAsync(CancellationToken cancellation)
    {
        ServerOptions options = live.Current;
        DatabaseOptions storage = new()
        {
            DataDirectory = options.DataDirectory,
            Limits = options.Limits,
            PlanningThreads = options.PlanningThreads,
            CheckpointLogBytes = options.CheckpointLogBytes,
            CheckpointInterval = options.CheckpointInterval,
            FlushInterval = options.FlushInterval,
            DiskTimeout = options.DiskTimeout,
            MinFreeDiskBytes = options.MinFreeDiskBytes,
            VectorMemoryBytes = options.VectorMemoryBytes,
            FilterCacheBytes = options.FilterCacheBytes,
            MemoryLimitBytes = AvailableMemory.Limit(options),
        };
        Database database = await Database.OpenAsync(storage, loggers, meters, cancellation);
        Volatile.Write(ref _database, database);
        // They may have changed meanwhile.
        UseMemoryLimit();
        return database;
    }

    /// <summary>Has the open database, if there is one, take the memory that the settings say now.</summary>
    public void UseMemoryLimit()
    {
        lock (_gate)
        {
            Open?.MemoryLimitBytes = AvailableMemory.Limit(live.Current);
        }
    }

    /// <summary>
    /// Puts a backup in the place of a database without collections. No call finds a database meanwhile; where it fails, they go on with
    /// the one that was there.
    /// </summary>
    public async Task<EngineResult<RestoreInfo>> RestoreAsync(string folder, CancellationToken cancellation)
    {
        Database current = Current;
        // Before it is taken away, which those who use it would notice.
        if (current.RestoreRefusal() is { } refused)
        {
            return refused;
        }

        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_database != current)
            {
                return EngineError.Of(EngineStatus.Unavailable, Restoring);
            }

            _whyNone = Restoring;
            Volatile.Write(ref _database, null);
            _restoring = done.Task;
        }

        try
        {
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
            return await ReplaceAsync(current, folder, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return EngineError.Of(EngineStatus.Unavailable, "The server is stopping.");
        }
        finally
        {
            done.SetResult();
        }
    }

    /// <summary>Makes a checkpoint, so that the next start has no log to replay, everything durable, and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        Task restoring;
        lock (_gate)
        {
            restoring = _restoring;
        }

        try
        {
            await restoring.WaitAsync(live.Current.ShutdownTimeout, time);
        }
        catch (TimeoutException)
        {
            // The next start finishes it, as after a kill.
            loggers.CreateLogger<DatabaseHost>().RestoreGivenUp(live.Current.ShutdownTimeout);
            return;
        }

        if (Interlocked.Exchange(ref _database, null) is not { } database)
        {
            return;
        }

        using CancellationTokenSource patience = new(live.Current.ShutdownTimeout);
        try
        {
            // One that cannot be made is no loss: the log has everything.
            _ = await database.CheckpointAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            loggers.CreateLogger<DatabaseHost>().CheckpointGivenUp(live.Current.ShutdownTimeout);
        }

        await database.DisposeAsync();
    }

    private async Task<EngineResult<RestoreInfo>> ReplaceAsync(Database current, string folder, CancellationToken cancellation)
    {
        ILogger logger = loggers.CreateLogger<DatabaseHost>();
        try
        {
            EngineResult<ulong> restored = await current.RestoreAsync(folder, cancellation);
            if (!restored.IsOk)
            {
                return restored.Error;
            }

            Database database = await OpenAsync(CancellationToken.None);
            IReadOnlyList<Collection> collections = database.ListCollections();
            RestoreInfo info = new(restored.Value, collections.Count, collections.Sum(static collection => (long)collection.PointCount));
            logger.Restored(folder, info.Sequence, info.Collections, info.Points);
            return info;
        }
        catch (Exception error) when (current.IsClosed)
        {
            _whyNone = $"A backup has been restored, and its database cannot be opened: {error.Message}";
            logger.RestoredNotOpened(error, folder);
            return EngineError.Of(EngineStatus.Unavailable, _whyNone);
        }
        finally
        {
            if (!current.IsClosed)
            {
                Volatile.Write(ref _database, current);
            }
        }
    }
}
