using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using AnnServer.Hosting;
using Grpc.Core;

namespace AnnServer.Security;

/// <summary>
/// Who administered the server, and who was turned away, in a category of its own: one event each, but of a flood of denied calls only some
/// (<see cref="DenialLines"/>); the metric has them all. No secret comes here.
/// </summary>
internal sealed partial class AuditLog : IDisposable
{
    public const string Category = "AnnServer.Audit";
    public const string Nobody = "anonymous";

    // What a stranger says is the name of a collection may be of any length and hold anything.
    private const int MaxTextLength = 64;

    private readonly ILogger _logger;
    private readonly DenialLines _lines;
    private long _strangers;
    private long _notAllowed;

    public AuditLog(ILoggerFactory loggers, IMeterFactory meters, TimeProvider time, LiveOptions options)
    {
        _logger = loggers.CreateLogger(Category);
        _lines = new DenialLines(() => options.Current.Auth.DenialLinesPerSecond, time, LogLeftOut);
        meters.Create(LongWork.MeterName).CreateObservableCounter(
            "ann.calls.denied", Counts, "{call}", "Calls of strangers, and of callers who do not have the role that they take.");
    }

    public void Administered(Caller? caller, string rpc, string? collection, HttpContext call, StatusCode outcome) =>
        LogAdministered(Printable(caller?.Name ?? Nobody), rpc, Printable(collection ?? ""), Peer(call), outcome);

    public void Denied(Caller? caller, string rpc, string? collection, HttpContext call, StatusCode outcome)
    {
        Interlocked.Increment(ref (outcome == StatusCode.Unauthenticated ? ref _strangers : ref _notAllowed));
        if (_lines.MayWrite(call.Connection.RemoteIpAddress))
        {
            LogDenied(Printable(caller?.Name ?? Nobody), rpc, Printable(collection ?? ""), Peer(call), outcome);
        }
    }

    public void Dispose() => _lines.Dispose();

    /// <summary>The text without control characters, cut to the length of a name.</summary>
    public static string Printable(string text)
    {
        if (text.Length <= MaxTextLength && !text.Any(char.IsControl))
        {
            return text;
        }

        StringBuilder printable = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (printable.Length >= MaxTextLength)
            {
                return printable.Append('…').ToString();
            }

            printable.Append(Rune.IsControl(rune) ? new Rune('?') : rune);
        }

        return printable.ToString();
    }

    private Measurement<long>[] Counts() =>
    [
        new(Interlocked.Read(ref _strangers), new KeyValuePair<string, object?>("ann.reason", "unauthenticated")),
        new(Interlocked.Read(ref _notAllowed), new KeyValuePair<string, object?>("ann.reason", "permission_denied")),
    ];

    private static string Peer(HttpContext call) =>
        call.Connection.RemoteIpAddress is { } address ? new IPEndPoint(address, call.Connection.RemotePort).ToString() : "";

    [LoggerMessage(EventId = 1, EventName = "Administered", Level = LogLevel.Information,
        Message = "{Caller} called {Rpc} on '{Collection}' from {Peer}: {Outcome}")]
    private partial void LogAdministered(string caller, string rpc, string collection, string peer, StatusCode outcome);

    [LoggerMessage(EventId = 2, EventName = "Denied", Level = LogLevel.Warning,
        Message = "{Caller} was denied {Rpc} on '{Collection}' from {Peer}: {Outcome}")]
    private partial void LogDenied(string caller, string rpc, string collection, string peer, StatusCode outcome);

    [LoggerMessage(EventId = 3, EventName = "DenialsLeftOut", Level = LogLevel.Warning,
        Message = "{Calls} more denied calls are not listed here (Ann:Auth:DenialLinesPerSecond)")]
    private partial void LogLeftOut(long calls);
}
