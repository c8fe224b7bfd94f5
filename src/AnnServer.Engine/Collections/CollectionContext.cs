using AnnServer.Core.Search;
using AnnServer.Engine.Diagnostics;
using AnnServer.Engine.Maintenance;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.Engine.Querying.Recall;
using AnnServer.Storage;

namespace AnnServer.Engine.Collections;

/// <summary>What the collections of one database share.</summary>
internal sealed record CollectionContext(
    OperationLog Log,
    ScratchPool Scratches,
    PlanningThreads Planning,
    Janitor Janitor,
    RecallMeasurements Recall,
    VectorDisk Disk,
    FilterCache Filters,
    ProcessMemory Memory,
    EngineMetrics Metrics,
    EngineLimits Limits)
{
    public EngineError StoreFailed() =>
        EngineError.Of(EngineStatus.Unavailable, $"The store takes no writes: {Log.Fault?.Message ?? "it is closed"}");

    /// <summary>Why nothing can be begun that takes space on the disk, or null. Dropping a collection is not asked: it gives space back.</summary>
    public EngineError? Shortage() => Log.Disk.Shortage() is { } shortage
        ? EngineError.Of(EngineStatus.ResourceExhausted, $"{shortage} Nothing was written; reads are served.")
        : null;

    /// <summary>Why nothing can be begun that takes memory or space on the disk, or null. Deletes are not asked for memory: they give it back.</summary>
    public EngineError? ShortageToGrow() => Shortage() ?? (Memory.Shortage() is { } shortage
        ? EngineError.Of(EngineStatus.ResourceExhausted, $"{shortage} Nothing was written; reads and deletes are served.")
        : null);

    /// <summary>The error of a read that asks for a write this store has never made.</summary>
    public EngineError? CheckFence(ulong readAfter) => readAfter <= Log.LastLsn
        ? null
        : EngineError.Of(
            EngineStatus.FailedPrecondition,
            $"read_after is {readAfter}, but the last write here has sequence {Log.LastLsn}; it comes from another store or from before a restore.");
}
