using System.Net;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;

namespace AnnServer.FunctionalTests.Hosting;

/// <summary>A server that wants more of the disk to be free than any disk has.</summary>
[Collection(nameof(OneServerAtATime))]
public sealed class DiskSpaceTests : IAsyncLifetime
{
    private const string Name = "points";

    private readonly ServerFixture _server = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _server.StartAsync();
        await CreateAsync(Name);
        await UpsertAsync(1);
        await RestartAsync($"--Ann:MinFreeDiskBytes={long.MaxValue}");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Assert.Empty(_server.Log.TakeErrors());
    }

    [Fact]
    public async Task Writes_TooLittleSpace_AreResourceExhaustedWithAdviceUntilThereIsMore()
    {
        Func<Task>[] writes =
        [
            () => UpsertAsync(2),
            () => StreamAsync(2),
            async () => await _server.Points.DeleteAsync(
                new DeleteRequest { Collection = Name, Ids = new PointIdList { Ids = { Make.Id(1) } } }, cancellationToken: Cancellation),
            async () => await _server.Points.UpdateAttributesAsync(
                new UpdateAttributesRequest
                {
                    Collection = Name,
                    Updates = { new AttributeUpdate { Id = Make.Id(1), Set = { ["n"] = Make.Int(1) } } },
                },
                cancellationToken: Cancellation),
            () => CreateAsync("more"),
            async () => await _server.Collections.UpdateCollectionAsync(
                new UpdateCollectionRequest { Name = Name, AddAttributes = { new AttributeSchema { Name = "n", Type = AttributeType.Int64 } } },
                cancellationToken: Cancellation),
        ];
        foreach (Func<Task> write in writes)
        {
            RpcException error = await Assert.ThrowsAsync<RpcException>(write);
            Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
            Assert.Contains("MinFreeDiskBytes", error.Status.Detail, StringComparison.Ordinal);
            Assert.NotNull(error.GetRpcStatus()?.GetDetail<RetryInfo>());
        }

        Assert.Equal(1UL, await CountAsync());
        var described = await _server.Collections.GetCollectionAsync(new GetCollectionRequest { Name = Name }, cancellationToken: Cancellation);
        Assert.Equal(CollectionState.ReadOnly, described.Collection.State);
        SearchRequest search = new() { Collection = Name, Vector = Make.Vector(1, 0, 0, 0), K = 5, WithAttributes = true };
        Assert.Empty(Assert.Single((await _server.Points.SearchAsync(search, cancellationToken: Cancellation)).Hits).Attributes);

        await RestartAsync("--Ann:MinFreeDiskBytes=0");

        foreach (Func<Task> write in writes)
        {
            await write();
        }

        Assert.Equal(1UL, await CountAsync());
    }

    [Fact]
    public async Task DeleteCollection_TooLittleSpace_IsServed()
    {
        await _server.Collections.DeleteCollectionAsync(new DeleteCollectionRequest { Name = Name }, cancellationToken: Cancellation);

        Assert.Empty((await _server.Collections.ListCollectionsAsync(new ListCollectionsRequest(), cancellationToken: Cancellation)).Collections);
    }

    [Fact]
    public async Task Health_TooLittleSpace_SaysWhyWritesAreRefused()
    {
        using HttpClient http = new() { BaseAddress = _server.HttpAddress };

        using HttpResponseMessage ready = await http.GetAsync(new Uri("/readyz", UriKind.Relative), Cancellation);
        HealthCheckResponse health = await new Health.HealthClient(_server.Channel).CheckAsync(
            new HealthCheckRequest(), cancellationToken: Cancellation);
        string metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancellation);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        string reason = await ready.Content.ReadAsStringAsync(Cancellation);
        Assert.StartsWith("Writes are refused: ", reason, StringComparison.Ordinal);
        Assert.Contains("MinFreeDiskBytes", reason, StringComparison.Ordinal);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, health.Status);
        Assert.Matches(@"(?m)^ann_disk_free_bytes\S* [1-9]", metrics);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("/healthz", UriKind.Relative), Cancellation)).StatusCode);
    }

    private async Task RestartAsync(params string[] settings)
    {
        await _server.StopAsync();
        _server.Settings = settings;
        await _server.StartAsync();
    }

    private async Task CreateAsync(string name) => await _server.Collections.CreateCollectionAsync(
        new CreateCollectionRequest { Config = new CollectionConfig { Name = name, Dimension = 4, Metric = Metric.L2 } },
        cancellationToken: Cancellation);

    private async Task UpsertAsync(ulong number) => await _server.Points.UpsertAsync(Upsert(number), cancellationToken: Cancellation);

    private async Task StreamAsync(ulong number)
    {
        using var stream = _server.Points.UpsertStream(cancellationToken: Cancellation);
        await stream.RequestStream.WriteAsync(Upsert(number), Cancellation);
        await stream.RequestStream.CompleteAsync();
        Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
    }

    private async Task<ulong> CountAsync() =>
        (await _server.Points.CountAsync(new CountRequest { Collection = Name }, cancellationToken: Cancellation)).Count;

    private static UpsertRequest Upsert(ulong number) =>
        new() { Collection = Name, Points = { Make.Point(number, Make.Vector(number, 0, 0, 1)) } };
}
