using Microsoft.AspNetCore.Connections;

namespace AnnServer.Hosting;

/// <summary>
/// HTTP/1.1 and HTTP/2 on one port without TLS, which is what tells them apart for Kestrel: a connection that begins as HTTP/2 does goes the
/// way of those to the gRPC port.
/// </summary>
internal sealed class CleartextHttp2(ConnectionDelegate http1, ConnectionDelegate http2)
{
    public async Task OnConnectionAsync(ConnectionContext connection) =>
        await (await connection.ReadProtocolAsync() == SpokenProtocol.Http2 ? http2 : http1)(connection);
}
