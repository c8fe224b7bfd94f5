using Microsoft.Extensions.Logging;

namespace AnnServer.Storage;

internal static partial class StorageLog
{
    [LoggerMessage(1, LogLevel.Information, "Created the log in {Folder}: pages of {PageBytes} bytes, segments of {SegmentBytes} bytes, {MemoryBytes} bytes of memory")]
    public static partial void LogCreated(ILogger logger, string folder, int pageBytes, long segmentBytes, long memoryBytes);

    [LoggerMessage(2, LogLevel.Information, "Opened the log in {Folder} at commit {Commit}, LSN {LastLsn}, address {Tail}")]
    public static partial void LogOpened(ILogger logger, string folder, long commit, ulong lastLsn, long tail);

    [LoggerMessage(3, LogLevel.Warning, "Discarded {Bytes} bytes behind address {Address} of the log in {Folder}: the process ended while they were written, and nothing in them was acknowledged")]
    public static partial void TailDiscarded(ILogger logger, string folder, long bytes, long address);

    [LoggerMessage(4, LogLevel.Information, "Replayed {Records} records up to LSN {LastLsn}, {Bytes} bytes, in {Elapsed}")]
    public static partial void Replayed(ILogger logger, long records, ulong lastLsn, long bytes, TimeSpan elapsed);

    [LoggerMessage(5, LogLevel.Critical, "The log in {Folder} has failed and takes no more writes; LSN {DurableLsn} is the last durable one")]
    public static partial void Faulted(ILogger logger, Exception cause, string folder, ulong durableLsn);

    [LoggerMessage(6, LogLevel.Critical, "The disk under {Folder} still owes an answer; the folder stays locked until this process ends")]
    public static partial void DiskUnresponsive(ILogger logger, string folder);

    [LoggerMessage(7, LogLevel.Warning, "Removed the remains of a log in {Folder} whose creation was interrupted")]
    public static partial void UnfinishedLogRemoved(ILogger logger, string folder);

    [LoggerMessage(8, LogLevel.Warning, "Removed {Path}: it does not name a commit of the log; the log is searched from its begin instead")]
    public static partial void CommitMetadataRemoved(ILogger logger, string path);

    [LoggerMessage(9, LogLevel.Warning, "Writes are refused until there is space: {Shortage}")]
    public static partial void DiskShort(ILogger logger, string shortage);

    [LoggerMessage(10, LogLevel.Information, "There is space again under {Folder}; writes are taken")]
    public static partial void DiskRecovered(ILogger logger, string folder);

    [LoggerMessage(11, LogLevel.Information, "What was restored into {Draft} has taken the place of what was in {Folder}")]
    public static partial void DraftInPlace(ILogger logger, string draft, string folder);

    [LoggerMessage(12, LogLevel.Warning, "{Draft} is left over from restoring a backup and cannot be removed: {Reason}")]
    public static partial void DraftStays(ILogger logger, string draft, string reason);
}
