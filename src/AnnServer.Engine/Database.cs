using System.Diagnostics.Metrics;
using AnnServer.Core.Kernels;
using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Diagnostics;
using AnnServer.Engine.Maintenance;
using AnnServer.Engine.Model;
using AnnServer.Engine.Recovery;
using AnnServer.Storage;
using Microsoft.Extensions.Logging;

namespace AnnServer.Engine;

/// <summary>All collections of one data directory: the entry point of the library. Every member may be called from any thread.</summary>
public sealed class Database : IAsyncDisposable
{
    private readonly CollectionContext _context;
    private readonly ReplaySummary _replay;
    private readonly ILogger _logger;
    private readonly Catalog _catalog = new();

    // Protects the catalog's changes and the numbering of collections. Taken before a collection's commit lock.
    private readonly Lock _catalogLock = new();
    private uint _lastNumber;
    private int _disposed;

    private Database(CollectionContext context, RecordReplayer replayer, ReplaySummary replay, ILogger logger)
    {
        _context = context;
        _replay = replay;
        _logger = logger;
        _lastNumber = replayer.LastNumber;
        foreach (CollectionData data in replayer.Collections)
        {
            _catalog.Add(new Collection(data, context));
        }

        DatabaseGauges.Register(context.Metrics.Meter, this);
    }

    public EngineLimits Limits => _context.Limits;

    /// <summary>Why writes are refused, or null while the store is sound.</summary>
    public Exception? Fault => _context.Log.Fault;

    /// <summary>Why writes are refused until the disk has more space, or null. Read a few times a second at most.</summary>
    public string? DiskShortage => _context.Log.Disk.Shortage();

    /// <summary>Bytes free on the disk; 0 where they cannot be read.</summary>
    public long FreeDiskBytes => _context.Log.Disk.FreeBytes;

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

    public EngineResult<Collection> GetCollection(string name) =>
        _catalog.TryGet(name, out Collection? collection) ? collection! : Catalog.NotFound(name);

    /// <summary>Ordered by name.</summary>
    public IReadOnlyList<Collection> ListCollections() => [.. _catalog.All];

    /// <summary>Starts and stops indexing attributes; completes when durable. Writers of the collection wait while indexes are built.</summary>
    public async ValueTask<EngineResult<CollectionInfo>> UpdateCollectionAsync(
        string name, IReadOnlyList<AttributeSchema> add, IReadOnlyList<string> drop, Faults faults, CancellationToken cancellation)
    {
        if (!_catalog.TryGet(name, out Collection? collection))
        {
            return faults.Any ? faults.ToError() : Catalog.NotFound(name);
        }

        try
        {
            EngineResult<ulong> updated = SchemaChange.Apply(collection!.Data, _context, add, drop, faults);
            if (!updated.IsOk)
            {
                return updated.Error;
            }

            await _context.Log.WaitDurableAsync(updated.Value, cancellation).ConfigureAwait(false);
            return collection.GetInfo();
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

    /// <summary>Completes when everything applied before the call is durable.</summary>
    public async ValueTask<EngineResult<CheckpointReceipt>> CheckpointAsync(CancellationToken cancellation)
    {
        try
        {
            ulong sequence = _context.Log.LastLsn;
            await _context.Log.WaitDurableAsync(sequence, cancellation).ConfigureAwait(false);
            return new CheckpointReceipt(sequence, _context.Log.Bytes);
        }
        catch (StorageFaultException)
        {
            return _context.StoreFailed();
        }
    }

    public DatabaseStats GetStats() => new(
        _context.Log.LastLsn,
        _context.Log.DurableLsn,
        _context.Log.Bytes,
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

        _context.Planning.Dispose();
        _context.Janitor.Dispose();
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
            var replayer = new RecordReplayer(options.Limits);
            ReplaySummary replay = log.Replay(replayer);
            replayer.Complete();
            var metrics = new EngineMetrics(meters);
            var scratches = new ScratchPool();
            var janitor = new Janitor(scratches, metrics, logger);
            var planning = new PlanningThreads(options.PlanningThreads == 0 ? Environment.ProcessorCount : options.PlanningThreads, log);
            var context = new CollectionContext(log, scratches, planning, janitor, metrics, options.Limits);
            var database = new Database(context, replayer, replay, logger);
            janitor.Start(log);
            planning.Start();
            long points = 0;
            foreach (CollectionData data in replayer.Collections)
            {
                points += data.Index.LiveCount;
                janitor.PointsHidden(data);
            }

            EngineLog.Opened(
                logger, options.DataDirectory, replayer.Collections.Count, points, replay.Records, replay.Elapsed.TotalMilliseconds);
            return database;
        }
        catch
        {
            log.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    private EngineResult<(Collection Collection, ulong Lsn)> Create(CollectionConfig config)
    {
        lock (_catalogLock)
        {
            if (_catalog.TryGet(config.Name, out _))
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

            if (_context.Shortage() is { } shortage)
            {
                return shortage;
            }

            CollectionData data;
            try
            {
                data = new CollectionData(_lastNumber + 1, config, _context.Limits);
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
            if (!_catalog.TryGet(name, out Collection? collection))
            {
                return Catalog.NotFound(name);
            }

            if (_context.Log.Fault is not null)
            {
                return _context.StoreFailed();
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
