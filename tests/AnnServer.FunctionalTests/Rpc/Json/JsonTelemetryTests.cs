using System.Net;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.FunctionalTests.Security;

namespace AnnServer.FunctionalTests.Rpc.Json;

/// <summary>What /metrics says of calls in JSON, and to whom.</summary>
[Collection(nameof(OneServerAtATime))]
public sealed class JsonTelemetryTests(JsonServer server) : ServerTest(server), IClassFixture<JsonServer>
{
    [Fact]
    public async Task Error_OfACall_IsCountedByItsStatus()
    {
        using JsonClient json = new(Server.HttpAddress);

        Assert.Equal(HttpStatusCode.NotFound, (await json.PostAsync("/v1/collections/none:auditGraph", "{}", Cancellation)).Http);

        // Once the request has ended, which is after its answer.
        await Eventually.HoldsAsync(
            async () => (await Scrape.TextAsync(Server, Cancellation)).Split('\n').Any(
                static line => line.Contains("http_route=\"/v1/collections/{collection}:auditGraph\"", StringComparison.Ordinal)
                    && line.Contains("rpc_response_status_code=\"NOT_FOUND\"", StringComparison.Ordinal)),
            Cancellation);
    }

    [Fact]
    public async Task Metrics_OverHttp2_AreOnTheHttpPortOnly()
    {
        // Those who scrape take HTTP/2 where it is offered.
        using HttpClient http = new() { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

        using HttpResponseMessage onHttp = await http.GetAsync(new Uri(Server.HttpAddress, "/metrics"), Cancellation);
        using HttpResponseMessage onGrpc = await http.GetAsync(new Uri(Server.GrpcAddress, "/metrics"), Cancellation);

        Assert.Equal(HttpStatusCode.OK, onHttp.StatusCode);
        Assert.Contains("ann_calls_in_flight", await onHttp.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, onGrpc.StatusCode);
    }
}
