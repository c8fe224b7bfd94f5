using System.Diagnostics;
using AnnServer.LoadGen.Load;

namespace AnnServer.LoadGen.Overload;

/// <summary>What came of calls in an interval. Any thread.</summary>
internal sealed class OverloadInterval
{
    private readonly long[] _ended = new long[Enum.GetValues<CallOutcome>().Length];
    private long _offered;
    private long _heldBack;

    /// <summary>Of accepted calls, from when they were due.</summary>
    public LatencyRecorder Latencies { get; } = new();

    /// <summary>Calls that left.</summary>
    public long Offered => Interlocked.Read(ref _offered);

    /// <summary>Calls that were due and did not leave: the server lets so many in on a connection, or takes no more bytes.</summary>
    public long HeldBack => Interlocked.Read(ref _heldBack);

    public long Count(CallOutcome outcome) => Interlocked.Read(ref _ended[(int)outcome]);

    public void Offer(bool sent) => Interlocked.Increment(ref sent ? ref _offered : ref _heldBack);

    public void End(CallOutcome outcome, long due)
    {
        Interlocked.Increment(ref _ended[(int)outcome]);
        if (outcome == CallOutcome.Accepted)
            Latencies.Record(due, Stopwatch.GetTimestamp());
    }
}
