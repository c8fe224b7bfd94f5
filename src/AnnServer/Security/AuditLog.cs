using System.Net;
using System.Text;
using Grpc.Core;

namespace AnnServer.Security;

/// <summary>Who administered the server, and who was turned away: one event each, in a category of its own. No secret comes here.</summary>
internal sealed partial class AuditLog(ILoggerFactory loggers)
{
    public const string Category = "AnnServer.Audit";
    public const string Nobody = "anonymous";

    // What a stranger says is the name of a collection may be of any length and hold anything.
    private const int MaxTextLength = 64;

    private readonly ILogger _logger = loggers.CreateLogger(Category);

    public void Administered(Caller? caller, string rpc, string? collection, HttpContext call, StatusCode outcome) =>
        LogAdministered(Printable(caller?.Name ?? Nobody), rpc, Printable(collection ?? ""), Peer(call), outcome);

    public void Denied(Caller? caller, string rpc, string? collection, HttpContext call, StatusCode outcome) =>
        LogDenied(Printable(caller?.Name ?? Nobody), rpc, Printable(collection ?? ""), Peer(call), outcome);

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

    private static string Peer(HttpContext call) =>
        call.Connection.RemoteIpAddress is { } address ? new IPEndPoint(address, call.Connection.RemotePort).ToString() : "";

    [LoggerMessage(EventId = 1, EventName = "Administered", Level = LogLevel.Information,
        Message = "{Caller} called {Rpc} on '{Collection}' from {Peer}: {Outcome}")]
    private partial void LogAdministered(string caller, string rpc, string collection, string peer, StatusCode outcome);

    [LoggerMessage(EventId = 2, EventName = "Denied", Level = LogLevel.Warning,
        Message = "{Caller} was denied {Rpc} on '{Collection}' from {Peer}: {Outcome}")]
    private partial void LogDenied(string caller, string rpc, string collection, string peer, StatusCode outcome);
}
