using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Hosting;
using AnnServer.Protocol.V1;
using AnnServer.Testing;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Hosting;

public sealed class LifetimeTests(ServerFixture server) : ServerTest(server)
{
    [Fact]
    public async Task Stop_WithAnOpenStream_AnswersWhatWasReadAndEndsItUnavailable()
    {
        string collection = await CreateAsync();
        using var stream = Server.Points.UpsertStream(cancellationToken: Cancellation);
        await stream.RequestStream.WriteAsync(
            new UpsertRequest { Collection = collection, Points = { Make.Point(1, Make.Vector(1, 0, 0, 0)) } }, Cancellation);
        Assert.True(await stream.ResponseStream.MoveNext(Cancellation));

        Task stop = Server.StopAsync();
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancellation));
        await stop;

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        await Server.StartAsync();
    }

    [Fact]
    public async Task Restart_AfterAcknowledgedWrites_ServesThem()
    {
        string collection = await CreateAsync(attributes: new AttributeSchema { Name = "n", Type = AttributeType.Int64 });
        await UpsertAsync(collection, [.. Enumerable.Range(0, 100).Select(i => Make.Point((ulong)i, Make.Vector(i, 1, 0, 0), ("n", Make.Int(i))))]);
        SearchRequest search = new() { Collection = collection, Vector = Make.Vector(40.4f, 1, 0, 0), K = 7, Filter = new Filter { Expression = "n < 42" } };
        SearchResponse before = await Server.Points.SearchAsync(search, cancellationToken: Cancellation);

        await Server.StopAsync();
        await Server.StartAsync();

        Assert.Equal(before, await Server.Points.SearchAsync(search, cancellationToken: Cancellation));
        Assert.Equal(100UL, await CountAsync(collection));
    }

    [Fact]
    public async Task Start_DirectoryInUse_IsRefused()
    {
        using TempDirectory directory = new();
        await using ServerHost first = Build(directory, 0);
        await first.StartAsync(Cancellation);
        await using ServerHost second = Build(directory, 0);

        await Assert.ThrowsAsync<IOException>(() => second.StartAsync(Cancellation));

        await first.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Start_PortInUse_LetsGoOfTheDirectory()
    {
        using TempDirectory directory = new();
        await using (ServerHost second = Build(directory, Server.GrpcAddress.Port))
        {
            await Assert.ThrowsAsync<IOException>(() => second.StartAsync(Cancellation));
        }

        await using ServerHost third = Build(directory, 0);
        await third.StartAsync(Cancellation);
        await third.StopAsync(Cancellation);
    }

    private static ServerHost Build(TempDirectory directory, int grpcPort) => ServerHost.Build(
    [
        $"--Ann:DataDirectory={directory.Path}", $"--Ann:GrpcPort={grpcPort}", "--Ann:HttpPort=0",
    ]);
}
