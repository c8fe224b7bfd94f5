using System.Net;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1;

namespace AnnServer.FunctionalTests.Security;

/// <summary>What is open although callers are asked who they are.</summary>
public sealed class HttpAccessTests() : KeyedServerTests(TestKeys.Entry("scraper", "a-key", "read", "\"none\""))
{
    [Fact]
    public async Task Default_HealthMetricsAndReflection_AreOpen()
    {
        await StartServerAsync();

        Assert.Equal(HttpStatusCode.OK, await GetAsync("/healthz"));
        Assert.Equal(HttpStatusCode.OK, await GetAsync("/readyz"));
        Assert.Equal(HttpStatusCode.OK, await GetAsync("/metrics"));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync("/anything"));
        HealthCheckResponse health = await new Health.HealthClient(Server.Channel).CheckAsync(new HealthCheckRequest(), cancellationToken: Cancellation);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        Assert.Equal(StatusCode.OK, await ReflectAsync([]));
    }

    [Fact]
    public async Task Closed_MetricsAndReflection_TakeAKey()
    {
        await StartServerAsync("--Ann:Auth:ProtectMetrics=true", "--Ann:Auth:OpenReflection=false");

        Assert.Equal(HttpStatusCode.OK, await GetAsync("/readyz"));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync("/metrics"));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync("/metrics", "b-key"));
        Assert.Equal(HttpStatusCode.OK, await GetAsync("/metrics", "a-key"));
        Assert.Equal(StatusCode.Unauthenticated, await ReflectAsync([]));
        Assert.Equal(StatusCode.OK, await ReflectAsync(TestKeys.Headers("a-key")));
    }

    private async Task<HttpStatusCode> GetAsync(string path, string? key = null)
    {
        using HttpClient http = new() { BaseAddress = Server.HttpAddress };
        if (key is not null)
        {
            http.DefaultRequestHeaders.Add("Authorization", $"Bearer {key}");
        }

        using HttpResponseMessage response = await http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        return response.StatusCode;
    }

    private async Task<StatusCode> ReflectAsync(Metadata headers)
    {
        using var call = new ServerReflection.ServerReflectionClient(Server.Channel).ServerReflectionInfo(headers, cancellationToken: Cancellation);
        try
        {
            await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" }, Cancellation);
            await call.RequestStream.CompleteAsync();
            Assert.True(await call.ResponseStream.MoveNext(Cancellation));
            return StatusCode.OK;
        }
        catch (RpcException error)
        {
            return error.StatusCode;
        }
    }
}
