using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace AnnServer.LoadGen.Overload;

/// <summary>
/// An HTTP/2 connection that sends prepared requests and looks at nothing of an answer but its status. It costs a few microseconds a call,
/// a tenth of what a general client takes, so that one processor can offer a server many times what it can do.
/// </summary>
internal sealed class RawConnection : IAsyncDisposable
{
    // The server's until it says otherwise.
    private const int DefaultStreams = 100;
    private const int DefaultWindow = 65_535;
    private const int OwnWindow = 1 << 30;
    private const int MostUnsentBytes = 4 << 20;
    private const byte EndStream = 1;
    private const byte Acknowledgement = 1;
    private const int Cancel = 8;

    private readonly NetworkStream _stream;
    private readonly Action<CallOutcome, long> _onEnd;
    private readonly TimeSpan _deadline;
    private readonly SemaphoreSlim _unsentSignal = new(0);
    private readonly TaskCompletionSource _greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Protects the fields below.
    private readonly Lock _gate = new();
    private readonly Dictionary<int, long> _due = [];
    private readonly Queue<(int Stream, long Due)> _order = new();
    private readonly Dictionary<int, int> _early = [];
    private ArrayBufferWriter<byte> _unsent = new(1 << 16);
    private ArrayBufferWriter<byte> _sending = new(1 << 16);
    private int _nextStream = 1;
    private int _mostStreams = DefaultStreams;
    private long _window = DefaultWindow;
    private long _consumed;
    private bool _isOver;

    private Task _reading = Task.CompletedTask;
    private Task _writing = Task.CompletedTask;

    private RawConnection(Socket socket, TimeSpan deadline, Action<CallOutcome, long> onEnd)
    {
        _stream = new NetworkStream(socket, ownsSocket: true);
        _deadline = deadline;
        _onEnd = onEnd;
    }

    public bool IsOver
    {
        get
        {
            lock (_gate)
                return _isOver;
        }
    }

    // Told to go, and every call is answered.
    private bool IsFinished
    {
        get
        {
            lock (_gate)
                return _mostStreams == 0 && _due.Count == 0;
        }
    }

    /// <param name="deadline">After which a call is given up.</param>
    /// <param name="onEnd">Called with the outcome of each call, and the time it was due.</param>
    /// <param name="streamWindow">Bytes of an answer that may come before they are asked for: 0 for a client that reads nothing.</param>
    public static async Task<RawConnection> OpenAsync(
        Uri address, TimeSpan deadline, Action<CallOutcome, long> onEnd, CancellationToken cancellationToken, int streamWindow = OwnWindow)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancellationToken);
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            throw;
        }
        RawConnection connection = new(socket, deadline, onEnd);
        connection.Greet(streamWindow);
        connection._reading = connection.ReadAsync();
        connection._writing = connection.WriteAsync();
        try
        {
            await connection._greeted.Task.WaitAsync(cancellationToken);
            return connection;
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Puts a request among those to be sent. False if the server lets no more calls in, or does not take what is sent: the call is not
    /// made then.
    /// </summary>
    public bool TrySend(RequestImage request, long due)
    {
        lock (_gate)
        {
            if (_isOver || _due.Count >= _mostStreams || _window < request.DataBytes || _unsent.WrittenCount > MostUnsentBytes)
                return false;
            int stream = _nextStream;
            _nextStream += 2;
            _window -= request.DataBytes;
            request.CopyTo(_unsent.GetSpan(request.Length), stream);
            _unsent.Advance(request.Length);
            _due.Add(stream, due);
            _order.Enqueue((stream, due));
            return true;
        }
    }

    /// <summary>Lets those that were put there go.</summary>
    public void Flush()
    {
        if (_unsentSignal.CurrentCount == 0)
            _unsentSignal.Release();
    }

    /// <summary>Gives up calls that are past their deadline, as a client does that nobody waits for any more.</summary>
    public void Expire(long now)
    {
        List<long> expired = [];
        lock (_gate)
        {
            while (_order.TryPeek(out (int Stream, long Due) oldest)
                && (!_due.ContainsKey(oldest.Stream) || Stopwatch.GetElapsedTime(oldest.Due, now) > _deadline))
            {
                _order.Dequeue();
                if (!_due.Remove(oldest.Stream))
                    continue;
                _early.Remove(oldest.Stream);
                expired.Add(oldest.Due);
                Control(FrameType.Reset, 0, oldest.Stream, Cancel);
            }
        }
        foreach (long due in expired)
            _onEnd(CallOutcome.DeadlineExceeded, due);
    }

    public async ValueTask DisposeAsync()
    {
        Close();
        await Task.WhenAll(_reading, _writing);
        _unsentSignal.Dispose();
    }

    private void Greet(int streamWindow)
    {
        lock (_gate)
        {
            _unsent.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
            // Settings: no table of headers, no push, and the window of streams.
            _unsent.Write<byte>([0, 0, 18, (byte)FrameType.Settings, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 4]);
            BinaryPrimitives.WriteInt32BigEndian(_unsent.GetSpan(4), streamWindow);
            _unsent.Advance(4);
            Control(FrameType.WindowUpdate, 0, 0, OwnWindow - DefaultWindow);
        }
        Flush();
    }

    // A frame of four bytes. The gate is held.
    private void Control(FrameType type, byte flags, int stream, int value)
    {
        Span<byte> frame = stackalloc byte[13];
        frame[2] = 4;
        frame[3] = (byte)type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame[5..], stream);
        BinaryPrimitives.WriteInt32BigEndian(frame[9..], value);
        _unsent.Write(frame);
    }

    private async Task WriteAsync()
    {
        try
        {
            while (true)
            {
                await _unsentSignal.WaitAsync();
                lock (_gate)
                {
                    if (_isOver)
                        return;
                    (_unsent, _sending) = (_sending, _unsent);
                }
                if (_sending.WrittenCount > 0)
                    await _stream.WriteAsync(_sending.WrittenMemory);
                _sending.ResetWrittenCount();
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            Close();
        }
    }

    private async Task ReadAsync()
    {
        PipeReader reader = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: 1 << 16));
        List<(CallOutcome Outcome, long Due)> ended = [];
        try
        {
            while (true)
            {
                ReadResult read = await reader.ReadAsync();
                ReadOnlySequence<byte> bytes = read.Buffer;
                bool answers;
                lock (_gate)
                    answers = Take(ref bytes, ended);
                reader.AdvanceTo(bytes.Start, bytes.End);
                foreach ((CallOutcome outcome, long due) in ended)
                    _onEnd(outcome, due);
                if (answers || ended.Count > 0)
                    Flush();
                ended.Clear();
                if (read.IsCompleted || IsFinished)
                    break;
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // The connection is over, whoever ended it; its calls are told below.
            _greeted.TrySetException(failure);
        }
        _greeted.TrySetException(new IOException("The server closed a connection at once."));
        Close();
    }

    // The gate is held. True if there is something to be answered.
    private bool Take(ref ReadOnlySequence<byte> bytes, List<(CallOutcome Outcome, long Due)> ended)
    {
        int before = _unsent.WrittenCount;
        while (FrameReader.TryRead(ref bytes, out FrameType type, out byte flags, out int stream, out ReadOnlySequence<byte> payload))
        {
            switch (type)
            {
                case FrameType.Data:
                    _consumed += payload.Length;
                    if ((flags & EndStream) != 0)
                        End(stream, null, ended);
                    break;
                case FrameType.Headers:
                    int? status = FrameReader.Status(payload);
                    if ((flags & EndStream) != 0)
                        End(stream, status, ended);
                    else if (status is { } early && _due.ContainsKey(stream))
                        _early[stream] = early;
                    break;
                case FrameType.Reset:
                    End(stream, null, ended);
                    break;
                case FrameType.Settings when (flags & Acknowledgement) == 0:
                    Settle(payload);
                    break;
                case FrameType.Ping when (flags & Acknowledgement) == 0:
                    _unsent.Write<byte>([0, 0, 8, (byte)FrameType.Ping, Acknowledgement, 0, 0, 0, 0]);
                    _unsent.Write(payload.ToArray());
                    break;
                case FrameType.WindowUpdate when stream == 0:
                    _window += Number(payload);
                    break;
                case FrameType.GoAway:
                    // It lets no more calls in, and answers those that it has.
                    _mostStreams = 0;
                    break;
            }
        }
        if (_consumed > OwnWindow / 2)
        {
            Control(FrameType.WindowUpdate, 0, 0, (int)_consumed);
            _consumed = 0;
        }
        return _unsent.WrittenCount > before;
    }

    private void End(int stream, int? status, List<(CallOutcome Outcome, long Due)> ended)
    {
        _early.Remove(stream, out int early);
        if (!_due.Remove(stream, out long due))
            return;
        int? code = status ?? (early > 0 ? early : null);
        ended.Add((code switch { 0 => CallOutcome.Accepted, 8 => CallOutcome.Refused, 4 => CallOutcome.DeadlineExceeded, _ => CallOutcome.Other }, due));
    }

    private void Settle(ReadOnlySequence<byte> settings)
    {
        const int size = 6;
        const int maxConcurrentStreams = 3;
        ReadOnlySpan<byte> all = settings.ToArray();
        for (; all.Length >= size; all = all[size..])
        {
            if (BinaryPrimitives.ReadInt16BigEndian(all) == maxConcurrentStreams)
                _mostStreams = BinaryPrimitives.ReadInt32BigEndian(all[2..]);
        }
        _unsent.Write<byte>([0, 0, 0, (byte)FrameType.Settings, Acknowledgement, 0, 0, 0, 0]);
        _greeted.TrySetResult();
    }

    private static int Number(ReadOnlySequence<byte> payload)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        payload.Slice(0, sizeof(int)).CopyTo(bytes);
        return BinaryPrimitives.ReadInt32BigEndian(bytes) & int.MaxValue;
    }

    private void Close()
    {
        long[] unanswered;
        lock (_gate)
        {
            if (_isOver)
                return;
            _isOver = true;
            unanswered = [.. _due.Values];
            _due.Clear();
        }
        _stream.Dispose();
        _unsentSignal.Release();
        foreach (long due in unanswered)
            _onEnd(CallOutcome.Other, due);
    }
}
