using System.Diagnostics;

namespace AnnServer.LoadGen.Load;

/// <summary>
/// Hands out the requests of a run. In an open loop request <c>n</c> is due at <c>start + n / rate</c> whatever became of the
/// ones before it, and its latency counts from then: a stalled server cannot hide the requests it kept waiting.
/// </summary>
internal sealed class RequestSchedule
{
    private readonly long _start;
    private readonly long _end;
    private readonly long _limit;
    private readonly double _ticksPerRequest;
    private long _next = -1;

    /// <param name="start">A <see cref="Stopwatch"/> timestamp.</param>
    /// <param name="limit">Requests at most; null where only the duration ends the run.</param>
    /// <param name="duration">Null where only the limit ends the run.</param>
    /// <param name="rate">Requests a second; null for a closed loop.</param>
    public RequestSchedule(long start, long? limit, TimeSpan? duration, double? rate)
    {
        if (limit is null && duration is null)
            throw new ArgumentException("A schedule needs an end: a limit or a duration.");
        if (rate is <= 0)
            throw new ArgumentOutOfRangeException(nameof(rate), "The rate is positive.");
        _start = start;
        _limit = limit ?? long.MaxValue;
        _end = duration is null ? long.MaxValue : start + (long)(duration.Value.TotalSeconds * Stopwatch.Frequency);
        _ticksPerRequest = rate is null ? 0 : Stopwatch.Frequency / rate.Value;
    }

    public bool IsOpenLoop => _ticksPerRequest > 0;

    /// <summary>The next request and the time it is due; false when the run is over.</summary>
    public bool TryTake(long now, out long request, out long due)
    {
        request = Interlocked.Increment(ref _next);
        due = IsOpenLoop ? DueAt(request) : now;
        return request < _limit && due < _end;
    }

    public long DueAt(long request) => _start + (long)(request * _ticksPerRequest);

    /// <summary>Waits until a request is due; timers are coarse, so it may come a little late and never early.</summary>
    public static async ValueTask WaitUntilAsync(long due, CancellationToken cancellationToken)
    {
        for (long now = Stopwatch.GetTimestamp(); now < due; now = Stopwatch.GetTimestamp())
        {
            TimeSpan remaining = Stopwatch.GetElapsedTime(now, due);
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(remaining.TotalMilliseconds)), cancellationToken);
        }
    }
}
