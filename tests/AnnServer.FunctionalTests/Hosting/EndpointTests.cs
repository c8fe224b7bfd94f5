using System.Net;
using System.Net.Sockets;
using System.Text;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Grpc.Core;
using Grpc.Health.V1;
using V1 = Grpc.Reflection.V1;
using V1Alpha = Grpc.Reflection.V1Alpha;

namespace AnnServer.FunctionalTests.Hosting;

[Collection(nameof(OneServerAtATime))]
public sealed class EndpointTests(ServerFixture server) : ServerTest(server)
{
    private static readonly string[] Services =
        ["ann.v1.Admin", "ann.v1.Collections", "ann.v1.Points", "grpc.health.v1.Health"];

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    public async Task Http_HealthPaths_AnswerOk(string path)
    {
        using HttpClient http = new() { BaseAddress = Server.HttpAddress };

        using HttpResponseMessage response = await http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Health_CheckAndWatch_SayServing()
    {
        Health.HealthClient health = new(Server.Channel);

        HealthCheckResponse check = await health.CheckAsync(new HealthCheckRequest(), cancellationToken: Cancellation);
        using var watch = health.Watch(new HealthCheckRequest(), cancellationToken: Cancellation);
        HealthCheckResponse.Types.ServingStatus seen = HealthCheckResponse.Types.ServingStatus.Unknown;
        // The state while the database was being opened may come first.
        while (seen != HealthCheckResponse.Types.ServingStatus.Serving && await watch.ResponseStream.MoveNext(Cancellation))
        {
            seen = watch.ResponseStream.Current.Status;
        }

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, check.Status);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, seen);
    }

    [Fact]
    public async Task Reflection_V1_ListsTheServicesAndDescribesOurs()
    {
        using var call = new V1.ServerReflection.ServerReflectionClient(Server.Channel).ServerReflectionInfo(cancellationToken: Cancellation);
        await call.RequestStream.WriteAsync(new V1.ServerReflectionRequest { ListServices = "" }, Cancellation);
        Assert.True(await call.ResponseStream.MoveNext(Cancellation));
        IEnumerable<string> listed = call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name);

        Assert.Superset(Services.ToHashSet(), listed.ToHashSet());
        await call.RequestStream.WriteAsync(new V1.ServerReflectionRequest { FileContainingSymbol = "ann.v1.Points" }, Cancellation);
        Assert.True(await call.ResponseStream.MoveNext(Cancellation));
        Assert.NotEmpty(call.ResponseStream.Current.FileDescriptorResponse.FileDescriptorProto);
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(Cancellation));
    }

    [Fact]
    public async Task Reflection_V1Alpha_ListsTheServices()
    {
        using var call = new V1Alpha.ServerReflection.ServerReflectionClient(Server.Channel).ServerReflectionInfo(cancellationToken: Cancellation);
        await call.RequestStream.WriteAsync(new V1Alpha.ServerReflectionRequest { ListServices = "" }, Cancellation);
        Assert.True(await call.ResponseStream.MoveNext(Cancellation));
        IEnumerable<string> listed = call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name);

        Assert.Superset(Services.ToHashSet(), listed.ToHashSet());
        await call.RequestStream.CompleteAsync();
        Assert.False(await call.ResponseStream.MoveNext(Cancellation));
    }

    [Fact]
    public async Task Metrics_OnTheHttpPort_CountCalls()
    {
        await Server.Collections.ListCollectionsAsync(new ListCollectionsRequest(), cancellationToken: Cancellation);
        using HttpClient http = new() { BaseAddress = Server.HttpAddress };

        string text = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancellation);

        Assert.Contains("http_server_request_duration_seconds_count", text, StringComparison.Ordinal);
        Assert.Contains("/ann.v1.Collections/ListCollections", text, StringComparison.Ordinal);
        Assert.Contains("dotnet_gc_collections_total", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_OfCalls_HaveTheStatusOfEach()
    {
        await Server.Collections.ListCollectionsAsync(new ListCollectionsRequest(), cancellationToken: Cancellation);
        await FailsAsync(Server.Collections.GetCollectionAsync(new GetCollectionRequest { Name = "none" }, cancellationToken: Cancellation));
        using HttpClient http = new() { BaseAddress = Server.HttpAddress };

        string[] lines = [];
        // A call is counted when it is over, of which its client may hear before; and what has been collected is given out again for a moment.
        for (int attempt = 0; attempt < 20 && !lines.Any(line => IsCount(line, "GetCollection", "NOT_FOUND")); attempt++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(attempt == 0 ? 0 : 200), Cancellation);
            lines = (await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancellation)).Split('\n');
        }

        Assert.Contains(lines, line => IsCount(line, "ListCollections", "OK"));
        Assert.Contains(lines, line => IsCount(line, "GetCollection", "NOT_FOUND"));
        Assert.DoesNotContain(lines, line => IsCount(line, "GetCollection", "OK"));

        static bool IsCount(string line, string method, string status) =>
            line.StartsWith("http_server_request_duration_seconds_count{", StringComparison.Ordinal)
            && line.Contains($"http_route=\"/ann.v1.Collections/{method}\"", StringComparison.Ordinal)
            && line.Contains($"rpc_response_status_code=\"{status}\"", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_OnTheGrpcPort_AreNotServed()
    {
        using HttpClient http = new() { BaseAddress = Server.GrpcAddress };
        using HttpRequestMessage request = new(HttpMethod.Get, new Uri("/metrics", UriKind.Relative))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using HttpResponseMessage response = await http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task GrpcPort_Http1Request_IsToldTheOtherPort()
    {
        using HttpClient http = new() { BaseAddress = Server.GrpcAddress };

        using HttpResponseMessage response = await http.GetAsync(new Uri("/healthz", UriKind.Relative), Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains($"port {Server.HttpAddress.Port}", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GrpcPort_RequestLineInPieces_IsToldTheOtherPort()
    {
        using TcpClient tcp = new() { NoDelay = true };
        await tcp.ConnectAsync(Server.GrpcAddress.Host, Server.GrpcAddress.Port, Cancellation);
        NetworkStream stream = tcp.GetStream();
        await stream.WriteAsync("G"u8.ToArray(), Cancellation);
        await stream.WriteAsync("ET / HTTP/1.1\r\n\r\n"u8.ToArray(), Cancellation);

        using StreamReader reader = new(stream, Encoding.ASCII);
        string answer = await reader.ReadToEndAsync(Cancellation);

        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.Contains($"port {Server.HttpAddress.Port}", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Grpc_UnknownMethod_IsUnimplemented()
    {
        Method<ListCollectionsRequest, ListCollectionsResponse> method = new(
            MethodType.Unary,
            "ann.v1.Collections",
            "Nothing",
            Marshallers.Create(static (ListCollectionsRequest _) => Array.Empty<byte>(), static _ => new ListCollectionsRequest()),
            Marshallers.Create(static (ListCollectionsResponse _) => Array.Empty<byte>(), static _ => new ListCollectionsResponse()));

        RpcException error = await FailsAsync(Server.Channel.CreateCallInvoker().AsyncUnaryCall(
            method, null, new CallOptions(cancellationToken: Cancellation), new ListCollectionsRequest()));

        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }

    [Fact]
    public async Task Grpc_DeadlinePassed_IsDeadlineExceeded()
    {
        RpcException error = await FailsAsync(Server.Admin.CheckpointAsync(
            new CheckpointRequest(), deadline: DateTime.UnixEpoch, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
    }
}
