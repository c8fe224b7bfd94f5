using System.Net;
using System.Net.Sockets;
using System.Text;
using AnnServer.FunctionalTests.Fuzzing;
using AnnServer.FunctionalTests.Infrastructure;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc;

/// <summary>Clients that are gone before they are answered, which is no error of the server: a server test fails where it logs one.</summary>
public sealed class GoneClientTests(ServerFixture server) : ServerTest(server)
{
    private const int Rounds = 200;

    [Fact]
    public async Task Http1_GoneBeforeItIsToldThePort_IsNoErrorOfTheServer()
    {
        await LeaveAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    }

    [Fact]
    public async Task Call_GoneInTheMiddleOfItsMessage_IsNoErrorOfTheServer()
    {
        byte[] path = Encoding.ASCII.GetBytes("/ann.v1.Points/Count");
        byte[] type = Encoding.ASCII.GetBytes("application/grpc");
        // POST, http, the path, and the type of the content, by the static table of HPACK.
        byte[] headers = [0x83, 0x86, 0x04, (byte)path.Length, .. path, 0x0F, 0x10, (byte)type.Length, .. type];
        await LeaveAsync(
        [
            .. Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            .. new Http2Frame(Http2Frame.Settings, 0, 0, []).ToBytes(),
            .. new Http2Frame(Http2Frame.Headers, Http2Frame.EndHeaders, 1, headers).ToBytes(),
            .. new Http2Frame(Http2Frame.Data, 0, 1, [0, 0, 0, 1, 0, 1, 2, 3]).ToBytes(),
            // A connection error, in the same piece.
            .. new Http2Frame(Http2Frame.Settings, 0, 1, []).ToBytes(),
        ]);
    }

    private async Task LeaveAsync(byte[] sent)
    {
        for (int i = 0; i < Rounds; i++)
        {
            using Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Server.GrpcAddress.Port), Cancellation);
            await socket.SendAsync(sent, Cancellation);
            if (i % 2 == 0)
            {
                socket.LingerState = new LingerOption(true, 0);
            }
        }

        RpcException missing = await FailsAsync(Server.Points.CountAsync(new Protocol.V1.CountRequest { Collection = "none" }, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.NotFound, missing.StatusCode);
    }
}
