using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;

namespace AnnServer.FunctionalTests.Hosting;

/// <summary>More calls, or more bytes of them, than are let in at once.</summary>
public sealed class AdmissionTests(AdmissionTests.SmallServer server) : ServerTest(server), IClassFixture<AdmissionTests.SmallServer>
{
    private const int MostCalls = 3;
    private const int MostBytes = 200_000;
    private const int Dimension = 1000;

    [Fact]
    public async Task Calls_MoreThanMayBeAtOnce_AreRefusedUntilOthersEnd()
    {
        string name = await CreateAsync();
        SearchRequest search = new() { Collection = name, Vector = new Vector { Values = { 1, 2, 3, 4 } }, K = 1 };
        List<AsyncDuplexStreamingCall<SearchRequest, SearchResponse>> streams = [];
        for (int i = 0; i < MostCalls; i++)
        {
            AsyncDuplexStreamingCall<SearchRequest, SearchResponse> stream = Server.Points.SearchStream(cancellationToken: Cancellation);
            // Answered, so that it has been let in.
            await stream.RequestStream.WriteAsync(search, Cancellation);
            Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
            streams.Add(stream);
        }

        RpcException refused = await Assert.ThrowsAsync<RpcException>(async () => await Server.Points.SearchAsync(search, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("Ann:MaxCallsInFlight", refused.Status.Detail, StringComparison.Ordinal);
        Assert.NotNull(refused.GetRpcStatus()?.GetDetail<RetryInfo>());
        // Whoever looks whether the server lives is told so.
        var health = new Grpc.Health.V1.Health.HealthClient(Server.Channel);
        HealthCheckResponse answer = await health.CheckAsync(new HealthCheckRequest(), cancellationToken: Cancellation);
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, answer.Status);

        await streams[0].RequestStream.CompleteAsync();
        Assert.False(await streams[0].ResponseStream.MoveNext(Cancellation));
        await SucceedAsync(() => Server.Points.SearchAsync(search, cancellationToken: Cancellation).ResponseAsync);
        streams.ForEach(static stream => stream.Dispose());
    }

    [Fact]
    public async Task Request_MoreBytesThanAllMayHave_IsRefusedAndLeavesNothingBehind()
    {
        string name = await CreateAsync(Dimension);
        for (int round = 0; round < 5; round++)
        {
            RpcException refused = await Assert.ThrowsAsync<RpcException>(
                async () => await Server.Points.UpsertAsync(Points(name, 60), cancellationToken: Cancellation));
            Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
            Assert.Contains("Ann:MaxRequestBytesInFlight", refused.Status.Detail, StringComparison.Ordinal);
            Assert.NotNull(refused.GetRpcStatus()?.GetDetail<RetryInfo>());
            // Of three quarters of what may be: nothing of the other is counted any more.
            await SucceedAsync(() => Server.Points.UpsertAsync(Points(name, 36), cancellationToken: Cancellation).ResponseAsync);
        }
    }

    [Fact]
    public async Task Request_CompressedToFewerBytesThanItHas_CountsWithThoseThatItHas()
    {
        Metadata compress = new() { { "grpc-internal-encoding-request", "gzip" } };
        string name = await CreateAsync(Dimension);
        for (int round = 0; round < 5; round++)
        {
            RpcException refused = await Assert.ThrowsAsync<RpcException>(
                async () => await Server.Points.UpsertAsync(Points(name, 60), compress, cancellationToken: Cancellation));
            Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
            Assert.Contains("Ann:MaxRequestBytesInFlight", refused.Status.Detail, StringComparison.Ordinal);
            await SucceedAsync(() => Server.Points.UpsertAsync(Points(name, 36), compress, cancellationToken: Cancellation).ResponseAsync);
        }

        using AsyncDuplexStreamingCall<UpsertRequest, UpsertResponse> stream = Server.Points.UpsertStream(compress, cancellationToken: Cancellation);
        for (int i = 0; i < 10; i++)
        {
            // One message of a stream is held at a time.
            await stream.RequestStream.WriteAsync(Points(name, 36), Cancellation);
            Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
        }

        await stream.RequestStream.CompleteAsync();
        Assert.False(await stream.ResponseStream.MoveNext(Cancellation));
    }

    [Fact]
    public async Task Stream_MoreBytesThanMayBeHeldAtOnce_IsReadAsItIsWritten()
    {
        string name = await CreateAsync(Dimension);
        using AsyncDuplexStreamingCall<UpsertRequest, UpsertResponse> stream = Server.Points.UpsertStream(cancellationToken: Cancellation);
        for (int i = 0; i < 10; i++)
        {
            await stream.RequestStream.WriteAsync(Points(name, 20), Cancellation);
            Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
            Assert.Equal(20u, stream.ResponseStream.Current.Upserted);
        }

        await stream.RequestStream.CompleteAsync();
        Assert.False(await stream.ResponseStream.MoveNext(Cancellation));
    }

    // What a call held is given back when it has been answered, which the client may hear of a moment earlier.
    private static async Task<T> SucceedAsync<T>(Func<Task<T>> call)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (RpcException refused) when (refused.StatusCode == StatusCode.ResourceExhausted && attempt < 100)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
            }
        }
    }

    private static UpsertRequest Points(string collection, int count) => new()
    {
        Collection = collection,
        Points =
        {
            Enumerable.Range(1, count).Select(static i => new Point
            {
                Id = new PointId { Num = (ulong)i },
                Vector = new Vector { Packed = ByteString.CopyFrom(new byte[Dimension * sizeof(float)]) },
            }),
        },
    };

    public sealed class SmallServer : ServerFixture
    {
        public SmallServer() => Settings = [$"--Ann:MaxCallsInFlight={MostCalls}", $"--Ann:MaxRequestBytesInFlight={MostBytes}"];
    }
}
