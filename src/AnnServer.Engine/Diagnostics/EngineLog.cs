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
}
