using System.Diagnostics;
using HdrHistogram;

namespace AnnServer.LoadGen.Load;

/// <summary>Latencies in microseconds, from any thread, to three significant digits up to ten minutes.</summary>
internal sealed class LatencyRecorder
{
    private const long HighestMicroseconds = 600_000_000;

    // Of the histogram, which must not be recorded into while it is walked over; a concurrent one throws then.
    private readonly Lock _gate = new();
    private readonly LongHistogram _histogram = new(1, HighestMicroseconds, 3);

    /// <summary>Both ends as <see cref="Stopwatch"/> timestamps.</summary>
    public void Record(long from, long to)
    {
        long microseconds = (long)Stopwatch.GetElapsedTime(from, to).TotalMicroseconds;
        lock (_gate)
        {
            _histogram.RecordValue(Math.Clamp(microseconds, 1, HighestMicroseconds));
        }
    }

    public LatencySummary Summarize()
    {
        lock (_gate)
        {
            return _histogram.TotalCount == 0
                ? default
                : new LatencySummary(
                    _histogram.TotalCount,
                    _histogram.GetMean(),
                    At(50), At(95), At(99), At(99.9), At(100));
        }
    }

    private long At(double percentile) => _histogram.GetValueAtPercentile(percentile);
}
