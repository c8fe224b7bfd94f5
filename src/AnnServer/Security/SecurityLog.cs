using System.Net;

namespace AnnServer.Security;

internal static partial class SecurityLog
{
    [LoggerMessage(EventId = 1, EventName = "Reloaded", Level = LogLevel.Information, Message = "{Files} changed and are in use")]
    public static partial void Reloaded(this ILogger logger, string files);

    [LoggerMessage(EventId = 2, EventName = "NotReloaded", Level = LogLevel.Warning,
        Message = "{Files} changed and cannot be used, what they said before still holds: {Reason}")]
    public static partial void NotReloaded(this ILogger logger, string files, string reason);

    [LoggerMessage(EventId = 3, EventName = "Anonymous", Level = LogLevel.Warning,
        Message = "Whoever reaches {Address} may do everything, since Ann:Auth:AllowAnonymous is true")]
    public static partial void Anonymous(this ILogger logger, IPAddress address);
}
