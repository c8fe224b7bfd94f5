using System.Diagnostics.Metrics;
using AnnServer.Engine;
using AnnServer.Engine.Model;
using AnnServer.Rpc;

namespace AnnServer.Hosting;

/// <summary>Holds the database between opening and closing. The ports answer before it is open, so that health can be asked meanwhile.</summary>
internal sealed class DatabaseHost(
    ServerOptions options, ILoggerFactory loggers, IMeterFactory meters, IHostApplicationLifetime lifetime, TimeProvider time) : IAsyncDisposable
{
    private readonly long _start = time.GetTimestamp();
    private Database? _database;

    /// <summary>The open database; a call that comes too early or too late is told to come again.</summary>
    public Database Current => Volatile.Read(ref _database)
        ?? throw StatusMapper.ToException(EngineError.Of(EngineStatus.Unavailable, NotReadyReason ?? "The database is not open."));

    /// <summary>Time since the server was started.</summary>
    public TimeSpan Uptime => time.GetElapsedTime(_start);

    /// <summary>Null when reads and writes are served.</summary>
    public string? NotReadyReason => Volatile.Read(ref _database) switch
    {
        _ when lifetime.ApplicationStopping.IsCancellationRequested => "The server is stopping.",
        null => "The database is being opened.",
        { Fault: { } fault } => $"Writes are refused: {fault.Message}",
        { DiskShortage: { } shortage } => $"Writes are refused: {shortage}",
        _ => null,
    };

    public async Task OpenAsync(CancellationToken cancellation)
    {
        DatabaseOptions database = new()
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
        };
        Volatile.Write(ref _database, await Database.OpenAsync(database, loggers, meters, cancellation));
    }

    /// <summary>Makes a checkpoint, so that the next start has no log to replay, everything durable, and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _database, null) is not { } database)
        {
            return;
        }

        using CancellationTokenSource patience = new(options.ShutdownTimeout);
        try
        {
            // One that cannot be made is no loss: the log has everything.
            _ = await database.CheckpointAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            loggers.CreateLogger<DatabaseHost>().CheckpointGivenUp(options.ShutdownTimeout);
        }

        await database.DisposeAsync();
    }
}
