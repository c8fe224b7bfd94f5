using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Fuzzing;

/// <summary>How a call has ended.</summary>
/// <param name="Http">The status of HTTP; 0 where the stream was reset before there was one.</param>
/// <param name="Status">The status of gRPC; null where there is none.</param>
/// <param name="Detail">Its message.</param>
/// <param name="Body">The frames of the answer.</param>
internal sealed record CallOutcome(HttpStatusCode Http, StatusCode? Status, string Detail, byte[] Body)
{
    // What grpc-dotnet says of frames that are wrong, in the code that gRPC's own table has for it.
    private static readonly string[] FramingDetails =
    [
        "Incomplete message.",
        "Additional data after the message received.",
        "Request did not include grpc-encoding value with compressed message.",
        "Request sent 'identity' grpc-encoding value with compressed message.",
    ];

    public bool IsOk => Status == StatusCode.OK;

    public static async Task<CallOutcome> SendAsync(HttpMessageInvoker http, Uri server, CallInput call, CancellationToken cancellation)
    {
        // As it is: no dots are followed, nothing is escaped.
        Uri uri = new($"{server.GetLeftPart(UriPartial.Authority)}{call.Path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using HttpRequestMessage request = new(new HttpMethod(call.Verb), uri)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(call.Body),
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        if (call.ContentType is not null)
        {
            request.Content.Headers.TryAddWithoutValidation("content-type", call.ContentType);
        }

        foreach ((string name, string value) in call.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, cancellation);
            byte[] body = await response.Content.ReadAsByteArrayAsync(cancellation);
            string? status = Header(response.TrailingHeaders, "grpc-status") ?? Header(response.Headers, "grpc-status");
            string? detail = Header(response.TrailingHeaders, "grpc-message") ?? Header(response.Headers, "grpc-message");
            return new CallOutcome(response.StatusCode, status is null ? null : Enum.Parse<StatusCode>(status), Uri.UnescapeDataString(detail ?? ""), body);
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException)
        {
            return new CallOutcome(0, null, $"{e.Message} {e.InnerException?.Message}", []);
        }
    }

    /// <summary>In words, for the report; fails where no call that is wrong in this way may end so.</summary>
    public string Judge(CallInput call)
    {
        if (Http == HttpStatusCode.OK && Status is null && call.Path == "/healthz")
        {
            return "answered as HTTP";
        }

        if (Http == HttpStatusCode.OK)
        {
            Assert.True(Status is not null, $"{call.Path}, {call.Fault}: no status");
            Assert.True(Enum.IsDefined(Status.Value), $"{call.Path}: {Status}");
            Assert.True(Status is not (StatusCode.Unknown or StatusCode.DataLoss or StatusCode.Aborted), $"{call.Path}, {call.Fault}: {Status} {Detail}");
            Assert.True(
                Status != StatusCode.Internal || (call.Fault is CallFault.Framing or CallFault.Headers or CallFault.Path && FramingDetails.Contains(Detail)),
                $"{call.Path}, {call.Fault}: {Status} {Detail}");
            // The services of the framework do not say why.
            Assert.True(IsOk || Detail.Length > 0 || call.Rpc.File.Package != "ann.v1", $"{call.Path}, {call.Fault}: {Status} without a message.");
            return IsOk ? "accepted" : Status == StatusCode.Internal ? $"refused: INTERNAL, {Detail}" : $"refused: {Status}";
        }

        // Not a call of gRPC, or none that can be read: HTTP answers, and says whose fault it was.
        Assert.True(
            call.Fault is CallFault.ContentType or CallFault.Path or CallFault.Verb or CallFault.Headers or CallFault.Timeout,
            $"{call.Path}, {call.Fault}: HTTP {(int)Http} {Status} {Detail}");
        Assert.True(Http == 0 ? call.Fault is not CallFault.ContentType : (int)Http is >= 400 and < 500, $"{call.Path}, {call.Fault}: HTTP {(int)Http}");
        return Http == 0 ? $"refused: reset, {call.Fault}" : $"refused: HTTP {(int)Http}";
    }

    private static string? Header(HttpHeaders headers, string name) => headers.TryGetValues(name, out var values) ? values.First() : null;
}
