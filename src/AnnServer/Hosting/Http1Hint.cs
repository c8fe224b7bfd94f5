using System.Text;
using Microsoft.AspNetCore.Connections;

namespace AnnServer.Hosting;

/// <summary>
/// Looks at the first bytes of a connection to the gRPC port. A client that speaks HTTP/1 is told where HTTP is served; anything
/// else goes on to Kestrel untouched. Costs nothing after the first read of a connection.
/// </summary>
internal sealed class Http1Hint(ConnectionDelegate next, Func<int> httpPort)
{
    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (await connection.ReadProtocolAsync() == SpokenProtocol.Http1)
        {
            // Short enough to wait for nobody; one who is gone already does not get it.
            await connection.Transport.Output.WriteAsync(Answer(httpPort()), CancellationToken.None);
            await connection.Transport.Output.CompleteAsync();
            return;
        }

        await next(connection);
    }

    private static byte[] Answer(int httpPort)
    {
        string body = $"This port speaks gRPC (HTTP/2) only. HTTP/1.1, that is /healthz, /readyz and /metrics, is on port {httpPort}.\n";
        return Encoding.ASCII.GetBytes(
            $"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
    }
}
