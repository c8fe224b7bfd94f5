using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace AnnServer.Hosting;

/// <summary>
/// Looks at the first bytes of a connection to the gRPC port. A client that speaks HTTP/1 is told where HTTP is served; anything
/// else goes on to Kestrel untouched. Costs nothing after the first read of a connection.
/// </summary>
internal sealed class Http1Hint(ConnectionDelegate next, Func<int> httpPort)
{
    // A client that connects and stays silent is given as long as Kestrel gives it for its headers.
    private static readonly TimeSpan FirstBytesTimeout = TimeSpan.FromSeconds(30);

    // How HTTP/2 with prior knowledge begins (RFC 9113, section 3.4). No HTTP/1 method begins so.
    private static ReadOnlySpan<byte> Preface => "PRI"u8;

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (await SpeaksHttp1Async(connection))
        {
            // Short enough to wait for nobody; one who is gone already does not get it.
            await connection.Transport.Output.WriteAsync(Answer(httpPort()), CancellationToken.None);
            await connection.Transport.Output.CompleteAsync();
            return;
        }

        await next(connection);
    }

    private static async ValueTask<bool> SpeaksHttp1Async(ConnectionContext connection)
    {
        CancellationToken stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using CancellationTokenSource timeout = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed, stopping);
        timeout.CancelAfter(FirstBytesTimeout);
        PipeReader input = connection.Transport.Input;
        while (true)
        {
            ReadResult read;
            try
            {
                read = await input.ReadAsync(timeout.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // Closed, reset, stopping or silent: Kestrel ends the connection the usual way.
                return false;
            }

            bool known = TryJudge(read.Buffer, out bool http1);
            input.AdvanceTo(read.Buffer.Start, known ? read.Buffer.Start : read.Buffer.End);
            if (known || read.IsCompleted)
            {
                return http1;
            }
        }
    }

    private static bool TryJudge(in ReadOnlySequence<byte> buffer, out bool http1)
    {
        http1 = false;
        if (buffer.Length < Preface.Length)
        {
            return false;
        }

        Span<byte> first = stackalloc byte[Preface.Length];
        buffer.Slice(0, Preface.Length).CopyTo(first);
        // Every HTTP/1 method in use is capital letters; a TLS handshake, for one, is not.
        http1 = !first.SequenceEqual(Preface) && !first.ContainsAnyExceptInRange((byte)'A', (byte)'Z');
        return true;
    }

    private static byte[] Answer(int httpPort)
    {
        string body = $"This port speaks gRPC (HTTP/2) only. HTTP/1.1, that is /healthz, /readyz and /metrics, is on port {httpPort}.\n";
        return Encoding.ASCII.GetBytes(
            $"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
    }
}
