using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc.Json;

/// <summary>What came back.</summary>
internal sealed record JsonReply(HttpStatusCode Http, JsonElement Body, HttpResponseHeaders Headers, Version Version)
{
    /// <summary>Of an error.</summary>
    public StatusCode Code => (StatusCode)Body.GetProperty("code").GetInt32();

    /// <summary>Of an error.</summary>
    public string Message => Body.GetProperty("message").GetString()!;

    /// <summary>The fields that the details of an error name.</summary>
    public IReadOnlyList<string> FaultyFields => Body.TryGetProperty("details", out JsonElement details)
        ?
        [
            .. details.EnumerateArray()
                .Where(static detail => detail.GetProperty("@type").GetString() == "type.googleapis.com/google.rpc.BadRequest")
                .SelectMany(static detail => detail.GetProperty("fieldViolations").EnumerateArray())
                .Select(static violation => violation.GetProperty("field").GetString()!),
        ]
        : [];
}
