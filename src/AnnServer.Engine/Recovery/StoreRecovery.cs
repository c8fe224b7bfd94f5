using System.Diagnostics;
using AnnServer.Engine.Checkpoints;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Diagnostics;
using AnnServer.Engine.Model;
using AnnServer.Storage;
using AnnServer.Storage.Pages;
using Microsoft.Extensions.Logging;

namespace AnnServer.Engine.Recovery;

/// <summary>
/// Brings back what was acknowledged: the newest checkpoint that is whole, then the records of the log after it. Where the newest is
/// damaged the one before serves, with more log; where there is none, the whole log, if it is still all there. Damage that lies in the
/// pages of some collections alone costs only those.
/// </summary>
internal sealed class StoreRecovery(OperationLog log, PageStore store, EngineLimits limits, VectorDisk disk, ILogger logger)
{
    private static readonly HashSet<uint> None = [];

    private readonly List<string> _faults = [];

    /// <summary>The replayer with all collections.</summary>
    public RecordReplayer Replayer { get; private set; } = new(limits, disk);

    public ReplaySummary Replay { get; private set; }

    /// <summary>Collections whose pages are damaged in every checkpoint.</summary>
    public IReadOnlyList<CollectionSnapshot> Damaged { get; private set; } = [];

    /// <exception cref="StorageCorruptionException">What was acknowledged cannot be brought back.</exception>
    public void Run()
    {
        foreach (string fault in store.Damaged)
        {
            Note(fault);
        }

        (Checkpoint? from, CheckpointLoader? loaded, IReadOnlySet<uint> leftOut) = Load();
        if (loaded is not null)
        {
            Replayer = new RecordReplayer(limits, disk, loaded, leftOut);
        }

        Replay = log.Replay(Replayer, from?.Redo);
        Replayer.Complete();
        Damaged = [.. loaded?.Catalog.Collections.Where(snapshot => leftOut.Contains(snapshot.Number) && Replayer.Passed.Contains(snapshot.Number)) ?? []];
        foreach (CollectionSnapshot damaged in Damaged)
        {
            EngineLog.CollectionDamaged(logger, damaged.Config.Name);
        }

        store.Begin(from, 3L * Replayer.Collections.Sum(static data => (long)data.Index.SlotCount));
    }

    private (Checkpoint? From, CheckpointLoader? Loaded, IReadOnlySet<uint> LeftOut) Load()
    {
        List<Checkpoint> reached = [.. store.Checkpoints.Where(log.Reaches)];
        foreach (Checkpoint checkpoint in reached)
        {
            if (TryLoad(checkpoint, None) is { } loaded)
            {
                return (checkpoint, loaded, None);
            }
        }

        // A log that was begun after a restored checkpoint never had the records before it.
        bool isWhole = store.Checkpoints.All(static checkpoint => checkpoint.Redo.Lsn == 0 || checkpoint.Redo.Address > OperationLog.FirstPosition.Address);
        if (isWhole && log.Reaches(OperationLog.FirstPosition))
        {
            return (null, null, None);
        }

        foreach (Checkpoint checkpoint in reached)
        {
            IReadOnlySet<uint> damaged = store.FindDamaged(checkpoint);
            if (damaged.Count > 0 && TryLoad(checkpoint, damaged) is { } loaded)
            {
                return (checkpoint, loaded, damaged);
            }
        }

        throw new StorageCorruptionException(
            $"No checkpoint in '{store.Folder}' can be loaded, and the log does not go back to its first record. "
            + "Restore a backup; the folder was left as it is. "
            + (_faults.Count == 0 ? "There is no checkpoint." : string.Join(' ', _faults)));
    }

    private CheckpointLoader? TryLoad(Checkpoint checkpoint, IReadOnlySet<uint> leaveOut)
    {
        long started = Stopwatch.GetTimestamp();
        CheckpointLoader? loader = null;
        try
        {
            loader = new CheckpointLoader(CheckpointCatalog.Decode(checkpoint.Catalog.Span), leaveOut, limits, disk);
            store.Load(checkpoint, loader.Handlers, loader.Numbers);
            loader.Complete();
            EngineLog.CheckpointLoaded(logger, checkpoint.Number, checkpoint.Bytes, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            return loader;
        }
        catch (Exception error) when (error is StorageCorruptionException or InvalidDataException)
        {
            loader?.Dispose();
            Note(error.Message);
            return null;
        }
    }

    private void Note(string fault)
    {
        _faults.Add(fault);
        EngineLog.CheckpointDamaged(logger, fault);
    }
}
