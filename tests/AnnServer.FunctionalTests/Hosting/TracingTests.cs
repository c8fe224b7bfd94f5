using System.Diagnostics;
using System.Text.Json;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.FunctionalTests.Security;
using AnnServer.Protocol.V1;
using AnnServer.Testing;
using Grpc.Core;
using Grpc.Net.Client;

namespace AnnServer.FunctionalTests.Hosting;

/// <summary>Spans as a collector gets them, and their identifiers in the log.</summary>
[Collection(nameof(OneServerAtATime))]
public sealed class TracingTests
{
    private const string Name = "films";
    private const string CallerSpan = "00f067aa0ba902b7";

    private static readonly string[] Clients = ["0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736", "1bf92f3577b34da6a3ce929d0e0e4737"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Spans_OfASearch_AreThoseOfTheCallAndOfTheEngineWithinIt()
    {
        IReadOnlyCollection<ReceivedSpan> spans = await TraceAsync();

        ReceivedSpan call = Assert.Single(spans, span => span.TraceId == Clients[0] && span.Kind == ReceivedSpan.Server);
        Assert.Equal("ann.v1.Points/Search", call.Name);
        Assert.Equal(CallerSpan, call.ParentId);
        Assert.False(call.Failed);
        Assert.Equal("grpc", call.Tags["rpc.system.name"]);
        Assert.Equal("ann.v1.Points/Search", call.Tags["rpc.method"]);
        Assert.Equal("OK", call.Tags["rpc.response.status_code"]);
        Assert.Equal("127.0.0.1", call.Tags["server.address"]);
        ReceivedSpan search = Assert.Single(spans, span => span.TraceId == Clients[0] && span.Kind == ReceivedSpan.Internal);
        Assert.Equal(call.SpanId, search.ParentId);
        Assert.Equal($"search {Name}", search.Name);
        Assert.Equal("annserver", search.Tags["db.system.name"]);
        Assert.Equal("search", search.Tags["db.operation.name"]);
        Assert.Equal(Name, search.Tags["db.collection.name"]);
        Assert.Equal("1", search.Tags["db.response.returned_rows"]);
    }

    [Fact]
    public async Task Spans_OfABatch_HaveOneForEachSearch()
    {
        IReadOnlyCollection<ReceivedSpan> spans = await TraceAsync();

        ReceivedSpan call = Assert.Single(spans, span => span.TraceId == Clients[1] && span.Kind == ReceivedSpan.Server);
        Assert.Equal("ann.v1.Points/SearchBatch", call.Name);
        Assert.Equal([call.SpanId, call.SpanId], spans.Where(span => span.TraceId == Clients[1] && span.Kind == ReceivedSpan.Internal).Select(span => span.ParentId));
    }

    [Fact]
    public async Task Spans_OfACallThatIsRefused_HaveItsStatusAndAreNoErrorOfTheServer()
    {
        IReadOnlyCollection<ReceivedSpan> spans = await TraceAsync();

        ReceivedSpan call = Assert.Single(spans, span => span.TraceId == Clients[2]);
        Assert.Equal("NOT_FOUND", call.Tags["rpc.response.status_code"]);
        Assert.DoesNotContain("error.type", call.Tags.Keys);
        Assert.False(call.Failed);
    }

    [Fact]
    public async Task Metrics_OfCallsThatAreTraced_HaveExemplarsOfTheirTraces()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync(Cancellation);
        await using ServerFixture server = new() { Settings = [$"--Ann:OtlpEndpoint={receiver.Address}"] };
        await server.StartAsync();
        await CreateAsync(server.Collections, Trace(Clients[0]));

        // A call is counted when it is over, of which its client may hear before.
        await Eventually.HoldsAsync(
            async () => (await Scrape.TextAsync(server, Cancellation, "application/openmetrics-text; version=1.0.0")).Split('\n').Any(static line =>
                line.StartsWith("http_server_request_duration_seconds_bucket{", StringComparison.Ordinal)
                && line.Contains($"trace_id=\"{Clients[0]}\"", StringComparison.Ordinal)),
            Cancellation);
    }

    [Fact]
    public async Task Log_AsJson_HasTheTraceThatALineBelongsTo()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync(Cancellation);
        using TempDirectory directory = new();
        ProcessStartInfo start = new(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "AnnServer.dll"), $"--Ann:DataDirectory={directory.Path}", "--Ann:GrpcPort=0", "--Ann:HttpPort=0",
                "--Ann:LogFormat=json", $"--Ann:OtlpEndpoint={receiver.Address}",
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        string? ready = await process.StandardOutput.ReadLineAsync(Cancellation);
        Task<string> log = process.StandardError.ReadToEndAsync(Cancellation);
        using GrpcChannel channel = GrpcChannel.ForAddress(ready!.Split(' ')[3]);
        await CreateAsync(new Collections.CollectionsClient(channel), Trace(Clients[0]));
        using Process kill = Process.Start("sh", ["-c", $"kill -TERM {process.Id}"]);
        await process.WaitForExitAsync(Cancellation);

        string line = Assert.Single((await log).Split('\n'), line => line.Contains("Created collection", StringComparison.Ordinal));
        using JsonDocument json = JsonDocument.Parse(line);
        JsonElement scope = Assert.Single(json.RootElement.GetProperty("Scopes").EnumerateArray(), scope => scope.TryGetProperty("TraceId", out _));
        Assert.Equal(Clients[0], scope.GetProperty("TraceId").GetString());
        Assert.Equal(
            scope.GetProperty("SpanId").GetString(),
            Assert.Single(receiver.Spans, span => span.TraceId == Clients[0] && span.Kind == ReceivedSpan.Server).SpanId);
    }

    /// <summary>A search, a batch of two and a call that is refused, each in a trace of its own, and all spans when the server has stopped.</summary>
    private static async Task<IReadOnlyCollection<ReceivedSpan>> TraceAsync()
    {
        await using OtlpReceiver receiver = await OtlpReceiver.StartAsync(Cancellation);
        await using (ServerFixture server = new() { Settings = [$"--Ann:OtlpEndpoint={receiver.Address}"] })
        {
            await server.StartAsync();
            await CreateAsync(server.Collections, []);
            await server.Points.UpsertAsync(
                new UpsertRequest { Collection = Name, Points = { Make.Point(1, Make.Vector(1, 2)) } }, cancellationToken: Cancellation);
            await server.Points.SearchAsync(
                new SearchRequest { Collection = Name, Vector = Make.Vector(1, 2), K = 3 }, Trace(Clients[0]), cancellationToken: Cancellation);
            await server.Points.SearchBatchAsync(
                new SearchBatchRequest
                {
                    Collection = Name,
                    Queries = { new SearchRequest { Vector = Make.Vector(1, 2), K = 1 }, new SearchRequest { Vector = Make.Vector(0, 2), K = 1 } },
                },
                Trace(Clients[1]),
                cancellationToken: Cancellation);
            RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await server.Points.CountAsync(
                new CountRequest { Collection = "none" }, Trace(Clients[2]), cancellationToken: Cancellation));
            Assert.Equal(StatusCode.NotFound, refused.StatusCode);
        }

        return receiver.Spans;
    }

    private static async Task CreateAsync(Collections.CollectionsClient collections, Metadata headers) => await collections.CreateCollectionAsync(
        new CreateCollectionRequest { Config = new CollectionConfig { Name = Name, Dimension = 2, Metric = Metric.L2 } }, headers, cancellationToken: Cancellation);

    private static Metadata Trace(string id) => new() { { "traceparent", $"00-{id}-{CallerSpan}-01" } };
}
