namespace AnnServer.Hosting;

internal static partial class ServerLog
{
    [LoggerMessage(EventId = 1, EventName = "Opening", Level = LogLevel.Information,
        Message = "Opening {DataDirectory}; gRPC on {GrpcAddress}, HTTP on {HttpAddress}")]
    public static partial void Opening(this ILogger logger, string dataDirectory, Uri grpcAddress, Uri httpAddress);

    [LoggerMessage(EventId = 2, EventName = "Ready", Level = LogLevel.Information, Message = "Ready {Elapsed} after the start")]
    public static partial void Ready(this ILogger logger, TimeSpan elapsed);

    [LoggerMessage(EventId = 3, EventName = "Stopped", Level = LogLevel.Information, Message = "Stopped; everything acknowledged is durable")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(EventId = 4, EventName = "UnknownSetting", Level = LogLevel.Warning, Message = "The setting {Key} is unknown and has no effect")]
    public static partial void UnknownSetting(this ILogger logger, string key);

    [LoggerMessage(EventId = 5, EventName = "Limits", Level = LogLevel.Information, Message = "Effective {Options}")]
    public static partial void Effective(this ILogger logger, ServerOptions options);

    [LoggerMessage(EventId = 6, EventName = "CheckpointGivenUp", Level = LogLevel.Warning,
        Message = "The last checkpoint took longer than {Patience} and was given up; the next start replays the log")]
    public static partial void CheckpointGivenUp(this ILogger logger, TimeSpan patience);

    [LoggerMessage(EventId = 7, EventName = "Restored", Level = LogLevel.Information,
        Message = "Restored {Backup}: every write up to sequence {Sequence}, {Collections} collections, {Points} points")]
    public static partial void Restored(this ILogger logger, string backup, ulong sequence, int collections, long points);

    [LoggerMessage(EventId = 8, EventName = "RestoredNotOpened", Level = LogLevel.Critical,
        Message = "{Backup} has been restored and cannot be opened; nothing is served until the next start")]
    public static partial void RestoredNotOpened(this ILogger logger, Exception fault, string backup);

    [LoggerMessage(EventId = 9, EventName = "RestoreGivenUp", Level = LogLevel.Warning,
        Message = "Restoring a backup took longer than {Patience} and is not waited for; the next start finishes it or leaves no trace of it")]
    public static partial void RestoreGivenUp(this ILogger logger, TimeSpan patience);

    [LoggerMessage(EventId = 10, EventName = "SettingsReloaded", Level = LogLevel.Information,
        Message = "Settings changed; in use: {Used}; from the next start on: {Later}")]
    public static partial void SettingsReloaded(this ILogger logger, string used, string later);

    [LoggerMessage(EventId = 11, EventName = "SettingsNotReloaded", Level = LogLevel.Error,
        Message = "Settings changed and {Count} cannot be used, so that all are as they were: {Faults}")]
    public static partial void SettingsNotReloaded(this ILogger logger, int count, string faults);
}
