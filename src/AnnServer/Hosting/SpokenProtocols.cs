using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace AnnServer.Hosting;

/// <summary>Tells what a client speaks. The bytes that say so stay where they are.</summary>
internal static class SpokenProtocols
{
    // A client that connects and stays silent is given as long as Kestrel gives it for its headers.
    private static readonly TimeSpan FirstBytesTimeout = TimeSpan.FromSeconds(30);

    // How HTTP/2 with prior knowledge begins (RFC 9113, section 3.4). No HTTP/1 method begins so.
    private static ReadOnlySpan<byte> Preface => "PRI"u8;

    public static async ValueTask<SpokenProtocol> ReadProtocolAsync(this ConnectionContext connection)
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
                return SpokenProtocol.Unknown;
            }

            bool known = TryJudge(read.Buffer, out SpokenProtocol protocol);
            input.AdvanceTo(read.Buffer.Start, known ? read.Buffer.Start : read.Buffer.End);
            if (known || read.IsCompleted)
            {
                return protocol;
            }
        }
    }

    private static bool TryJudge(in ReadOnlySequence<byte> buffer, out SpokenProtocol protocol)
    {
        protocol = SpokenProtocol.Unknown;
        if (buffer.Length < Preface.Length)
        {
            return false;
        }

        Span<byte> first = stackalloc byte[Preface.Length];
        buffer.Slice(0, Preface.Length).CopyTo(first);
        // Every HTTP/1 method in use is capital letters; a TLS handshake, for one, is not.
        protocol = first.SequenceEqual(Preface) ? SpokenProtocol.Http2
            : first.ContainsAnyExceptInRange((byte)'A', (byte)'Z') ? SpokenProtocol.Unknown
            : SpokenProtocol.Http1;
        return true;
    }
}
