using System.Diagnostics.Metrics;
using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;
using AnnServer.Core.Search;
using AnnServer.Engine.Checkpoints;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Diagnostics;
using AnnServer.Engine.Maintenance;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.Engine.Querying.Recall;
using AnnServer.Engine.Recovery;
using AnnServer.Storage;
using AnnServer.Storage.Pages;
using Microsoft.Extensions.Logging;

namespace AnnServer.Engine;

/// <summary>All collections of one data directory: the entry point of the library. Every member may be called from any thread.</summary>
public sealed partial class Database : IAsyncDisposable
{
    private readonly CollectionContext _context;
    private readonly PageStore _pages;
    private readonly Checkpointer _checkpointer;
    private readonly ReplaySummary _replay;
    private readonly ILogger _logger;
    private readonly DatabaseGauges _gauges;
    private readonly Catalog _catalog = new();

    // Protects the catalog's changes and the numbering of collections. Taken before a collection's commit lock.
    private readonly Lock _catalogLock = new();
    private uint _lastNumber;
    private bool _isBeingReplaced;
    private int _disposed;

    private Database(CollectionContext context, PageStore pages, Checkpointer checkpointer, StoreRecovery recovery, ILogger logger)
    {
        _context = context;
        _pages = pages;
        _checkpointer = checkpointer;
        _replay = recovery.Replay;
        _logger = logger;
        _lastNumber = recovery.Replayer.LastNumber;
        foreach (CollectionSnapshot damaged in recovery.Damaged)
        {
            _catalog.AddDamaged(damaged.Config.Name, damaged.Number);
        }

        foreach (CollectionData data in recovery.Replayer.Collections)
        {
            _catalog.Add(new Collection(data, context));
        }

        _gauges = new DatabaseGauges(context.Metrics.Meter, this);
    }

    public EngineLimits Limits => _context.Limits;

    internal CollectionContext Context => _context;

    /// <summary>Why writes are refused, or null while the store is sound.</summary>
    public Exception? Fault => _context.Log.Fault;

    /// <summary>Whether it has been closed, or is just being closed.</summary>
    public bool IsClosed => Volatile.Read(ref _disposed) != 0;

    /// <summary>Opens the directory, replays its log and is ready to serve.</summary>
    /// <exception cref="IOException">The directory is in use, the disk fails, or what it holds is damaged.</exception>
    public static Task<Database> OpenAsync(
        DatabaseOptions options, ILoggerFactory loggers, IMeterFactory meters, CancellationToken cancellation) =>
        Task.Run(() => Open(options, loggers, meters), cancellation);

    /// <summary>Creates a collection; completes when durable.</summary>
    public async ValueTask<EngineResult<CollectionInfo>> CreateCollectionAsync(
        CollectionConfig config, Faults faults, CancellationToken cancellation)
    {
        using (faults.Within("config"))
        {
            CollectionConfigValidator.Check(config, _context.Limits, faults);
        }

        if (faults.Any)
        {
            return faults.ToError();
        }

        try
        {
            EngineResult<(Collection Collection, ulong Lsn)> created = Create(config.Resolve());
            if (!created.IsOk)
            {
                return created.Error;
            }

            await _context.Log.WaitDurableAsync(created.Value.Lsn, cancellation).ConfigureAwait(false);
            EngineLog.Created(
                _logger, config.Name, config.Dimension, config.Metric.ToString(), config.Hnsw.M, config.Hnsw.EfConstruction);
            return created.Value.Collection.GetInfo();
        }
        catch (StorageFaultException)
        {
            return _context.StoreFailed();
        }
    }

    public EngineResult<Collection> GetCollection(string name) => _catalog.Get(name);

    /// <summary>Ordered by name.</summary>
    public IReadOnlyList<Collection> ListCollections() => [.. _catalog.All];

    /// <summary>Starts and stops indexing attributes; completes when durable. Writers of the collection wait while indexes are built.</summary>
    public async ValueTask<EngineResult<CollectionInfo>> UpdateCollectionAsync(
        string name, IReadOnlyList<AttributeSchema> add, IReadOnlyList<string> drop, Faults faults, CancellationToken cancellation)
    {
        EngineResult<Collection> collection = _catalog.Get(name);
        if (!collection.IsOk)
        {
            return faults.Any ? faults.ToError() : collection.Error;
        }

        try
        {
            EngineResult<ulong> updated = SchemaChange.Apply(collection.Value.Data, _context, add, drop, faults);
            if (!updated.IsOk)
            {
                return updated.Error;
            }

            await _context.Log.WaitDurableAsync(updated.Value, cancellation).ConfigureAwait(false);
            return collection.Value.GetInfo();
        }
        catch (StorageFaultException)
        {
            return _context.StoreFailed();
        }
    }

    /// <summary>Drops a collection with all its points; completes when durable, with the sequence of the change.</summary>
    public async ValueTask<EngineResult<ulong>> DeleteCollectionAsync(string name, CancellationToken cancellation)
    {
        try
        {
            EngineResult<ulong> dropped = Drop(name);
            if (dropped.IsOk)
            {
                await _context.Log.WaitDurableAsync(dropped.Value, cancellation).ConfigureAwait(false);
                EngineLog.Dropped(_logger, name);
            }

            return dropped;
        }
        catch (StorageFaultException)
        {
            return _context.StoreFailed();
        }
    }

    /// <summary>Makes a checkpoint that holds everything applied before the call: what comes after is all that a start replays.</summary>
    public async ValueTask<EngineResult<CheckpointReceipt>> CheckpointAsync(CancellationToken cancellation)
    {
        if (_context.Shortage() is { } shortage)
        {
            return shortage;
        }

        try
        {
            ulong sequence = _context.Log.LastLsn;
            Checkpoint? made = await _checkpointer.RequestAsync().WaitAsync(cancellation).ConfigureAwait(false);
            return made is null ? NoCheckpoint() : new CheckpointReceipt(sequence, _checkpointer.LogBytes);
        }
        catch (ObjectDisposedException) when (IsClosed)
        {
            return Closing();
        }
        catch (StorageFaultException)
        {
            return _context.StoreFailed();
        }
    }

    public DatabaseStats GetStats() => new(
        _context.Log.LastLsn,
        _context.Log.DurableLsn,
        _checkpointer.LogBytes,
        _checkpointer.Newest?.Number ?? 0,
        _checkpointer.Newest?.Bytes ?? 0,
        KernelWidth.Bits,
        _replay.Records,
        _replay.Elapsed,
        _context.Metrics.Searches,
        _context.Metrics.Upserts,
        _context.Metrics.Deletes);

    /// <summary>
    /// Waits until everything applied is durable, then closes the files. No other member may be called any more; what still runs,
    /// since its caller lost patience with it, keeps its memory.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _gauges.Dispose();
        _context.Planning.Dispose();
        _context.Recall.Dispose();
        _context.Janitor.Dispose();
        _checkpointer.Dispose();
        _pages.Dispose();
        await _context.Log.DisposeAsync().ConfigureAwait(false);
        foreach (Collection collection in _catalog.All)
        {
            collection.Data.IsDropped = true;
        }

        // As when a collection is dropped: whoever comes later sees the mark, whoever came before has a scratch.
        if (_context.Scratches.HasReadersBefore(_context.Scratches.AdvanceEpoch()))
        {
            return;
        }

        foreach (Collection collection in _catalog.All)
        {
            collection.Data.Dispose();
        }
    }

    private static Database Open(DatabaseOptions options, ILoggerFactory loggers, IMeterFactory meters)
    {
        ILogger logger = loggers.CreateLogger<Database>();
        OperationLog log = OperationLog.Open(options.Storage, loggers.CreateLogger<OperationLog>(), options.Time);
        try
        {
            PageStore pages = PageStore.Open(options.Pages, log);
            var disk = new VectorDisk(pages.Images, new MemoryBudget(options.VectorMemoryBytes));
            var recovery = new StoreRecovery(log, pages, options.Limits, disk, logger);
            recovery.Run();
            var metrics = new EngineMetrics(meters);
            var scratches = new ScratchPool();
            var memory = new ProcessMemory(options.MemoryLimitBytes, options.ReadMemory, options.Time, logger);
            var janitor = new Janitor(scratches, metrics, logger);
            var recall = new RecallMeasurements(scratches, logger);
            int planners = options.PlanningThreads == 0 ? Environment.ProcessorCount : options.PlanningThreads;
            var planning = new PlanningThreads(planners, log, disk.Memory);
            var context = new CollectionContext(
                log, scratches, planning, janitor, recall, disk, new FilterCache(options.FilterCacheBytes), memory, metrics, options.Limits);
            var policy = new CheckpointPolicy(options.CheckpointLogBytes, options.CheckpointInterval, options.LeastRewrittenBytes);
            var checkpointer = new Checkpointer(log, pages, scratches, policy, disk.Memory, options.DiskTimeout, metrics, logger);
            var database = new Database(context, pages, checkpointer, recovery, logger);
            janitor.Start(log);
            recall.Start();
            planning.Start();
            checkpointer.Start(database.BeginCheckpoint);
            long points = 0;
            foreach (CollectionData data in recovery.Replayer.Collections)
            {
                points += data.Index.LiveCount;
                janitor.PointsHidden(data);
            }

            EngineLog.Opened(
                logger,
                options.DataDirectory,
                recovery.Replayer.Collections.Count,
                points,
                recovery.Replay.Records,
                recovery.Replay.Elapsed.TotalMilliseconds);
            return database;
        }
        catch
        {
            log.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    private CheckpointSource? BeginCheckpoint(Predicate<IReadOnlyList<CollectionData>> isWasteful)
    {
        lock (_catalogLock)
        {
            return _catalog.HasDamaged
                ? null
                : CheckpointSource.Begin(_context.Log, _lastNumber, _catalog.All.Select(static collection => collection.Data), isWasteful);
        }
    }

    private EngineResult<(Collection Collection, ulong Lsn)> Create(CollectionConfig config)
    {
        lock (_catalogLock)
        {
            if (_isBeingReplaced)
            {
                return BeingReplaced();
            }

            if (_catalog.IsTaken(config.Name))
            {
                return EngineError.Of(EngineStatus.AlreadyExists, $"There is a collection \"{config.Name}\" already.");
            }

            if (_catalog.Count >= _context.Limits.MaxCollections)
            {
                return EngineError.Of(
                    EngineStatus.ResourceExhausted, $"There are {_catalog.Count} collections, as many as MaxCollections allows.");
            }

            if (_context.Log.Fault is not null)
            {
                return _context.StoreFailed();
            }

            if (_context.ShortageToGrow() is { } shortage)
            {
                return shortage;
            }

            CollectionData data;
            try
            {
                data = new CollectionData(_lastNumber + 1, config, _context.Limits, _context.Disk);
            }
            catch (InsufficientMemoryException error)
            {
                return EngineError.Of(
                    EngineStatus.ResourceExhausted,
                    $"{error.Message} Fewer collections, a smaller dimension or a lower limit of points per collection would fit.");
            }

            _lastNumber++;
            ulong lsn = Append(Operation.CreateCollection, data.Number, config);
            var collection = new Collection(data, _context);
            _catalog.Add(collection);
            return (collection, lsn);
        }
    }

    private EngineResult<ulong> Drop(string name)
    {
        lock (_catalogLock)
        {
            if (_context.Log.Fault is not null)
            {
                return _context.StoreFailed();
            }

            if (_catalog.RemoveDamaged(name, out uint number))
            {
                return _context.Log.Append((byte)Operation.DropCollection, number, []);
            }

            if (!_catalog.TryGet(name, out Collection? collection))
            {
                return Catalog.NotFound(name);
            }

            CollectionData data = collection!.Data;
            ulong lsn;
            lock (data.CommitLock)
            {
                lsn = _context.Log.Append((byte)Operation.DropCollection, data.Number, []);
                data.IsDropped = true;
            }

            _catalog.Remove(name);
            _context.Janitor.Dropped(data);
            _context.Filters.Forget(data.Number);
            return lsn;
        }
    }

    private ulong Append(Operation operation, uint number, CollectionConfig config)
    {
        var record = new RecordWriter();
        record.WriteBytes(ConfigCodec.Encode(config));
        return _context.Log.Append((byte)operation, number, record.Payload);
    }
}
