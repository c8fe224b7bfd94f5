using System.Diagnostics;
using System.Net.Sockets;

namespace AnnServer.LoadGen.Overload;

/// <summary>Connections that send the same few requests over and over, in a closed or in an open loop.</summary>
internal sealed class CallSource : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private readonly Uri _address;
    private readonly RequestImage[] _requests;
    private readonly TimeSpan _deadline;
    private readonly RawConnection[] _connections;
    private readonly CancellationTokenSource _closing = new();
    private OverloadInterval _interval = new();
    private readonly Task[] _opening;
    private long _next;
    private int _broken;
    private volatile bool _isClosedLoop;

    private CallSource(Uri address, RequestImage[] requests, TimeSpan deadline, int connections)
    {
        _address = address;
        _requests = requests;
        _deadline = deadline;
        _connections = new RawConnection[connections];
        _opening = new Task[connections];
        Array.Fill(_opening, Task.CompletedTask);
    }

    /// <summary>Connections that the server ended.</summary>
    public int Broken => Volatile.Read(ref _broken);

    public static async Task<CallSource> OpenAsync(
        Uri address, RequestImage[] requests, TimeSpan deadline, int connections, CancellationToken cancellationToken)
    {
        CallSource source = new(address, requests, deadline, connections);
        for (int i = 0; i < connections; i++)
            await source.OpenAsync(i, cancellationToken);
        return source;
    }

    /// <summary>What happened since the last call.</summary>
    public OverloadInterval Take() => Interlocked.Exchange(ref _interval, new OverloadInterval());

    /// <summary>So many calls always unanswered, until it is told to end.</summary>
    public async Task RunClosedAsync(int unanswered, CancellationToken end)
    {
        _isClosedLoop = true;
        for (int i = 0; i < unanswered; i++)
            Send(_connections[i % _connections.Length], Stopwatch.GetTimestamp());
        await TickAsync(static () => { }, end);
        _isClosedLoop = false;
    }

    /// <summary>Calls leave when they are due, whatever became of those before, until it is told to end.</summary>
    public Task RunOpenAsync(double rate, CancellationToken end)
    {
        long start = Stopwatch.GetTimestamp();
        long sent = 0;
        return TickAsync(
            () =>
            {
                long now = Stopwatch.GetTimestamp();
                // All that have become due since the last tick, each with its own time.
                for (long due = Due(sent); due <= now; due = Due(++sent))
                    Send(_connections[sent % _connections.Length], due);
            },
            end);

        long Due(long call) => start + (long)(call / rate * Stopwatch.Frequency);
    }

    /// <summary>Waits until the calls of a loop that has ended are answered, or past their deadline.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(_deadline + Tick);
        await TickAsync(static () => { }, end.Token);
        cancellationToken.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await Task.WhenAll(_opening);
        foreach (RawConnection connection in _connections)
            await connection.DisposeAsync();
        _closing.Dispose();
    }

    private async Task TickAsync(Action onTick, CancellationToken end)
    {
        using PeriodicTimer timer = new(Tick);
        try
        {
            while (await timer.WaitForNextTickAsync(end))
            {
                onTick();
                long now = Stopwatch.GetTimestamp();
                for (int i = 0; i < _connections.Length; i++)
                {
                    _connections[i].Expire(now);
                    _connections[i].Flush();
                    if (_connections[i].IsOver && _opening[i].IsCompleted)
                        _opening[i] = ReopenAsync(i);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end of the loop.
            return;
        }
    }

    // Beside the loop, which goes on with the other connections however long this takes.
    private async Task ReopenAsync(int number)
    {
        Interlocked.Increment(ref _broken);
        try
        {
            await OpenAsync(number, _closing.Token);
        }
        catch (Exception failure) when (failure is IOException or SocketException or OperationCanceledException)
        {
            // It is tried again at the next tick, unless all is being closed.
            return;
        }
    }

    private async Task OpenAsync(int number, CancellationToken cancellationToken)
    {
        RawConnection? before = _connections[number];
        _connections[number] = await RawConnection.OpenAsync(
            _address, _deadline, (outcome, due) => OnEnd(number, outcome, due), cancellationToken);
        if (before is not null)
            await before.DisposeAsync();
    }

    private void OnEnd(int connection, CallOutcome outcome, long due)
    {
        Volatile.Read(ref _interval).End(outcome, due);
        if (_isClosedLoop)
            Send(_connections[connection], Stopwatch.GetTimestamp());
    }

    private void Send(RawConnection connection, long due)
    {
        RequestImage request = _requests[(int)(Interlocked.Increment(ref _next) % _requests.Length)];
        Volatile.Read(ref _interval).Offer(connection.TrySend(request, due));
    }
}
