using System.IO.Compression;
using System.Net.Sockets;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Compression;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class ConnectionTests(ServerFixture server) : ServerTest(server)
{
    private const int Streams = 1000;

    [Fact]
    public async Task SearchStream_AThousandOpenOnOneConnection_AreAllAnswered()
    {
        string collection = await CreateAsync();
        await UpsertAsync(collection, [.. Enumerable.Range(0, Streams).Select(i => Make.Point((ulong)i, Make.Vector(i, 0, 0, 0)))]);
        int connections = 0;
        using SocketsHttpHandler handler = new()
        {
            EnableMultipleHttp2Connections = false,
            ConnectCallback = async (context, cancellation) =>
            {
                Interlocked.Increment(ref connections);
                Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using GrpcChannel channel = GrpcChannel.ForAddress(Server.GrpcAddress, new GrpcChannelOptions { HttpHandler = handler });
        Points.PointsClient points = new(channel);

        AsyncDuplexStreamingCall<SearchRequest, SearchResponse>[] calls =
            [.. Enumerable.Range(0, Streams).Select(_ => points.SearchStream(cancellationToken: Cancellation))];
        // Every one has been answered before any is ended.
        ulong[] nearest = await Task.WhenAll(calls.Select(async (call, i) =>
        {
            await call.RequestStream.WriteAsync(new SearchRequest { Collection = collection, Vector = Make.Vector(i, 0, 0, 0), K = 1 }, Cancellation);
            Assert.True(await call.ResponseStream.MoveNext(Cancellation));
            return Assert.Single(call.ResponseStream.Current.Hits).Id.Num;
        }));
        StatusCode[] ends = await Task.WhenAll(calls.Select(async call =>
        {
            await call.RequestStream.CompleteAsync();
            Assert.False(await call.ResponseStream.MoveNext(Cancellation));
            return call.GetStatus().StatusCode;
        }));
        Array.ForEach(calls, call => call.Dispose());

        Assert.Equal(Enumerable.Range(0, Streams).Select(i => (ulong)i), nearest);
        Assert.All(ends, end => Assert.Equal(StatusCode.OK, end));
        Assert.Equal(1, connections);
    }

    [Fact]
    public async Task Requests_CompressedByTheClient_AreReadAndAnswersAreNotCompressed()
    {
        CountingGzip gzip = new();
        using GrpcChannel channel = GrpcChannel.ForAddress(Server.GrpcAddress, new GrpcChannelOptions { CompressionProviders = [gzip] });
        Points.PointsClient points = new(channel);
        string collection = await CreateAsync();
        Metadata compress = new() { { "grpc-internal-encoding-request", "gzip" } };
        UpsertRequest upsert = new() { Collection = collection };
        upsert.Points.AddRange(Enumerable.Range(0, 100).Select(i => Make.Point((ulong)i, Make.Vector(i, 0, 0, 0))));

        UpsertResponse upserted = await points.UpsertAsync(upsert, compress, cancellationToken: Cancellation);
        using var search = points.SearchAsync(
            new SearchRequest { Collection = collection, Vector = Make.Vector(42, 0, 0, 0), K = 1 }, compress, cancellationToken: Cancellation);

        Assert.Equal(100UL, upserted.Upserted);
        Assert.Equal(42UL, Assert.Single((await search).Hits).Id.Num);
        Assert.Null((await search.ResponseHeadersAsync).GetValue("grpc-encoding"));
        Assert.Equal((2, 0), (gzip.Compressed, gzip.Decompressed));
    }

    private sealed class CountingGzip : ICompressionProvider
    {
        public string EncodingName => "gzip";

        public int Compressed { get; private set; }

        public int Decompressed { get; private set; }

        public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel)
        {
            Compressed++;
            return new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true);
        }

        public Stream CreateDecompressionStream(Stream stream)
        {
            Decompressed++;
            return new GZipStream(stream, CompressionMode.Decompress);
        }
    }
}
