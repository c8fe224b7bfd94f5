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
}
