using Microsoft.Extensions.Logging;

namespace AnnServer.Engine.Diagnostics;

internal static partial class EngineLog
{
    [LoggerMessage(1, LogLevel.Information, "Opened {Directory}: {Collections} collections, {Points} points, {Records} log records replayed in {Milliseconds:F0} ms")]
    public static partial void Opened(ILogger logger, string directory, int collections, long points, long records, double milliseconds);

    [LoggerMessage(2, LogLevel.Information, "Created collection {Collection}: dimension {Dimension}, metric {Metric}, M {M}, ef_construction {EfConstruction}")]
    public static partial void Created(ILogger logger, string collection, int dimension, string metric, int m, int efConstruction);

    [LoggerMessage(3, LogLevel.Information, "Deleted collection {Collection}")]
    public static partial void Dropped(ILogger logger, string collection);

    [LoggerMessage(4, LogLevel.Information, "Swept {Collection}: {Slots} slots freed, {Rows} rows repaired, {Relinked} points linked again")]
    public static partial void Swept(ILogger logger, string collection, int slots, long rows, int relinked);

    [LoggerMessage(5, LogLevel.Warning, "A sweep stopped because the store has failed")]
    public static partial void SweepStopped(ILogger logger, Exception fault);

    [LoggerMessage(6, LogLevel.Information, "Checkpoint {Number}: {Pages} pages, {Bytes} bytes written, {StoreBytes} bytes in the page store, {Milliseconds:F0} ms")]
    public static partial void Checkpointed(ILogger logger, long number, long pages, long bytes, long storeBytes, double milliseconds);

    [LoggerMessage(7, LogLevel.Critical, "A checkpoint failed; the store takes no more writes until the next start")]
    public static partial void CheckpointFailed(ILogger logger, Exception fault);

    [LoggerMessage(11, LogLevel.Error, "A vector on disk cannot be read; the page store is not written anew until the next start, and grows")]
    public static partial void RewriteFailed(ILogger logger, Exception fault);

    [LoggerMessage(8, LogLevel.Information, "Loaded checkpoint {Number}: {Bytes} bytes in {Milliseconds:F0} ms")]
    public static partial void CheckpointLoaded(ILogger logger, long number, long bytes, double milliseconds);

    [LoggerMessage(9, LogLevel.Error, "A checkpoint is passed over: {Reason}")]
    public static partial void CheckpointDamaged(ILogger logger, string reason);

    [LoggerMessage(10, LogLevel.Critical, "Collection {Collection} is damaged in every checkpoint and is not served; no checkpoint is made until it is deleted")]
    public static partial void CollectionDamaged(ILogger logger, string collection);

    [LoggerMessage(12, LogLevel.Information, "Measured the recall of searches of {Collection} in {Milliseconds:F0} ms")]
    public static partial void RecallMeasured(ILogger logger, string collection, double milliseconds);

    [LoggerMessage(16, LogLevel.Information, "Divided the points of {Collection} in {Milliseconds:F0} ms")]
    public static partial void PointsDivided(ILogger logger, string collection, double milliseconds);

    [LoggerMessage(17, LogLevel.Warning, "There is no memory to divide the points of {Collection}; filtered searches go on without")]
    public static partial void PointsNotDivided(ILogger logger, string collection, Exception error);

    [LoggerMessage(13, LogLevel.Warning, "The recall of searches of {Collection} cannot be measured, and is not tried again until the next start")]
    public static partial void RecallNotMeasured(ILogger logger, string collection, Exception error);

    [LoggerMessage(14, LogLevel.Warning, "The process takes {Used} bytes of memory of the {Limit} that it may: writes are refused until it takes less")]
    public static partial void MemoryShort(ILogger logger, long used, long limit);

    [LoggerMessage(15, LogLevel.Information, "The process takes {Used} bytes of memory of the {Limit} that it may: writes are taken again")]
    public static partial void MemoryRecovered(ILogger logger, long used, long limit);
}
