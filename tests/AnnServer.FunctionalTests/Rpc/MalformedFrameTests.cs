using System.IO.Compression;
using System.Net;
using AnnServer.FunctionalTests.Fuzzing;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Health.V1;

namespace AnnServer.FunctionalTests.Rpc;

/// <summary>Messages that are wrong in what surrounds them, or in how they are compressed: the caller's fault, and not an error of the server.</summary>
public sealed class MalformedFrameTests(ServerFixture server) : ServerTest(server)
{
    private static readonly MethodDescriptor Count = PointsReflection.Descriptor.FindTypeByName<ServiceDescriptor>("Points").FindMethodByName("Count");
    private static readonly MethodDescriptor Stream = PointsReflection.Descriptor.FindTypeByName<ServiceDescriptor>("Points").FindMethodByName("SearchStream");
    private static readonly MethodDescriptor Check = HealthReflection.Descriptor.FindTypeByName<ServiceDescriptor>("Health").FindMethodByName("Check");

    public static TheoryData<string> Methods => [Count.FullName, Stream.FullName, Check.FullName];

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Prefix_WithAFlagThatIsNone_IsAnInvalidArgument(string method)
    {
        CallOutcome outcome = await SendAsync(method, null, [2, 0, 0, 0, 0]);

        Assert.Equal((HttpStatusCode.OK, StatusCode.InvalidArgument), (outcome.Http, outcome.Status));
        Assert.Equal("The message cannot be read: the first byte before it is neither 0 nor 1.", outcome.Detail);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Prefix_WithALengthBeyondTwoGigabytes_IsAnInvalidArgument(string method)
    {
        CallOutcome outcome = await SendAsync(method, null, [0, 0x80, 0, 0, 0]);

        Assert.Equal((HttpStatusCode.OK, StatusCode.InvalidArgument), (outcome.Http, outcome.Status));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Message_NotCompressedAsItSays_IsAnInvalidArgument(string encoding)
    {
        CallOutcome outcome = await SendAsync(Count.FullName, encoding, [1, 0, 0, 0, 4, 1, 2, 3, 4]);

        Assert.Equal((HttpStatusCode.OK, StatusCode.InvalidArgument), (outcome.Http, outcome.Status));
        Assert.Contains($"it is not compressed by {encoding}", outcome.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ServerFixture.MaxMessageBytes, StatusCode.InvalidArgument)]
    [InlineData(ServerFixture.MaxMessageBytes + 1, StatusCode.ResourceExhausted)]
    [InlineData(100 << 20, StatusCode.ResourceExhausted)]
    public async Task Message_LongerThanOneMayBeOnceDecompressed_IsRefused(int bytes, StatusCode expected)
    {
        using MemoryStream compressed = new();
        using (GZipStream gzip = new(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(new byte[bytes]);
        }

        int length = (int)compressed.Length;
        CallOutcome outcome = await SendAsync(
            Count.FullName, "gzip", [1, 0, (byte)(length >> 16), (byte)(length >> 8), (byte)length, .. compressed.ToArray()]);

        // As it is read, it is no message: zeros are none.
        Assert.Equal((HttpStatusCode.OK, expected), (outcome.Http, outcome.Status));
    }

    [Fact]
    public async Task Watch_WhoseDeadlinePassesAgainAndAgain_IsNoErrorOfTheServer()
    {
        Health.HealthClient health = new(Server.Channel);
        for (int i = 0; i < 50; i++)
        {
            using var watch = health.Watch(
                new HealthCheckRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(1 + (i % 5)), cancellationToken: Cancellation);
            RpcException ended = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                while (await watch.ResponseStream.MoveNext(Cancellation))
                {
                    Assert.NotNull(watch.ResponseStream.Current);
                }
            });
            Assert.Equal(StatusCode.DeadlineExceeded, ended.StatusCode);
        }
    }

    private async Task<CallOutcome> SendAsync(string name, string? encoding, byte[] body)
    {
        MethodDescriptor method = new[] { Count, Stream, Check }.Single(method => method.FullName == name);
        CallInput call = new(method, $"/{method.Service.FullName}/{method.Name}", body, CallFault.Framing);
        if (encoding is not null)
        {
            call.Headers.Add(("grpc-encoding", encoding));
        }

        using HttpMessageInvoker http = new(new SocketsHttpHandler());
        return await CallOutcome.SendAsync(http, Server.GrpcAddress, call, Cancellation);
    }
}
