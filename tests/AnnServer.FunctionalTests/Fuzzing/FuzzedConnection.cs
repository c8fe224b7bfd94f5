using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace AnnServer.FunctionalTests.Fuzzing;

/// <summary>A connection to the gRPC port that is sent what an input says, and then ended in one of several ways.</summary>
internal static class FuzzedConnection
{
    // Of HTTP/2: the server says that it has failed.
    private const uint InternalError = 2;

    // A server that does not end a connection whose other end has said that nothing more will come.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // For answers that may never come, since what asked for them is damaged.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>Returns what has come of it, in words.</summary>
    public static async Task<string> RunAsync(Uri server, Random random, CancellationToken cancellation)
    {
        List<byte[]> pieces = ConnectionInputs.Next(random, out int calls);
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port), cancellation);
        int end = random.Next(10);
        if (end == 0)
        {
            // Reset, with what the server has sent unread.
            socket.LingerState = new LingerOption(true, 0);
            await TrySendAsync(socket, pieces, cancellation);
            return "left by a reset";
        }

        TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<byte[]> received = ReceiveAsync(socket, calls, answered, cancellation);
        await TrySendAsync(socket, pieces, cancellation);
        if (end == 1)
        {
            socket.Close();
            await received;
            return "left without a word";
        }

        await Task.WhenAny(answered.Task, received, Task.Delay(Pause, cancellation));
        TryEndSending(socket);
        return Judge(await received.WaitAsync(Patience, cancellation));
    }

    /// <summary>What a server has answered; fails where it says that the fault is its own.</summary>
    public static string Judge(byte[] received)
    {
        if (received.Length == 0)
        {
            return "refused: closed";
        }

        if (received.AsSpan().StartsWith("HTTP/1.1 400"u8))
        {
            return "refused: HTTP/1.1 400";
        }

        List<Http2Frame> frames = Http2Frame.Split(received, out _);
        Assert.All(frames, static frame => Assert.InRange(frame.Type, Http2Frame.Data, Http2Frame.Continuation));
        foreach (Http2Frame frame in frames.Where(static frame => frame.Type is Http2Frame.GoAway or Http2Frame.ResetStream))
        {
            uint error = BinaryPrimitives.ReadUInt32BigEndian(frame.Payload.AsSpan(frame.Type == Http2Frame.GoAway ? 4 : 0));
            // Of a connection: the log has why, and only one cause may be there.
            Assert.True(error != InternalError || frame.Type == Http2Frame.GoAway, $"The server says INTERNAL_ERROR: {Convert.ToHexString(received)}");
        }

        Http2Frame? last = frames.Find(static frame => frame.Type == Http2Frame.GoAway && BinaryPrimitives.ReadUInt32BigEndian(frame.Payload.AsSpan(4)) != 0);
        return last is not null ? $"refused: GOAWAY {BinaryPrimitives.ReadUInt32BigEndian(last.Payload.AsSpan(4))}"
            : frames.Exists(static frame => frame.Type == Http2Frame.Headers) ? "accepted"
            : frames.Exists(static frame => frame.Type == Http2Frame.ResetStream) ? "refused: RST_STREAM"
            : "refused: no answer";
    }

    private static async Task TrySendAsync(Socket socket, List<byte[]> pieces, CancellationToken cancellation)
    {
        try
        {
            foreach (byte[] piece in pieces)
            {
                await socket.SendAsync(piece, cancellation);
            }
        }
        catch (SocketException e)
        {
            // The server has ended the connection already.
            Assert.True(e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.ConnectionAborted, e.Message);
        }
    }

    private static void TryEndSending(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException e)
        {
            Assert.True(e.SocketErrorCode is SocketError.NotConnected or SocketError.ConnectionReset, e.Message);
        }
    }

    // All there is, also where the end is a reset: what was not read of what was sent makes it one.
    private static async Task<byte[]> ReceiveAsync(Socket socket, int calls, TaskCompletionSource answered, CancellationToken cancellation)
    {
        using MemoryStream all = new();
        byte[] buffer = new byte[16 * 1024];
        try
        {
            while (await socket.ReceiveAsync(buffer, cancellation) is > 0 and int read)
            {
                all.Write(buffer, 0, read);
                List<Http2Frame> frames = Http2Frame.Split(all.GetBuffer().AsSpan(0, (int)all.Length), out _);
                if (frames.Count(static frame => frame.Type == Http2Frame.Headers && (frame.Flags & Http2Frame.EndStream) != 0) >= calls
                    && frames.Exists(static frame => frame.Type == Http2Frame.Ping && frame.Payload.AsSpan().SequenceEqual(ConnectionInputs.LastPing)))
                {
                    answered.TrySetResult();
                }
            }
        }
        catch (SocketException e)
        {
            Assert.True(e.SocketErrorCode is SocketError.ConnectionReset or SocketError.OperationAborted or SocketError.ConnectionAborted, e.Message);
        }
        catch (ObjectDisposedException)
        {
            return all.ToArray();
        }

        return all.ToArray();
    }
}
