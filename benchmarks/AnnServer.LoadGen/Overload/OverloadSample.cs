using AnnServer.LoadGen.Load;

namespace AnnServer.LoadGen.Overload;

/// <summary>An interval of a phase. Counts are calls a second.</summary>
/// <param name="Seconds">Of its end, from the beginning of the phase.</param>
/// <param name="ResidentBytes">Of the server; 0 where it is not known.</param>
internal sealed record OverloadSample(
    double Seconds, double Wanted, double Offered, double HeldBack, double Accepted, double Refused, double DeadlineExceeded, double Other,
    LatencySummary Latency, long ResidentBytes)
{
    public static OverloadSample Of(OverloadInterval interval, double at, double length, double wanted, long residentBytes) => new(
        at, wanted, interval.Offered / length, interval.HeldBack / length, interval.Count(CallOutcome.Accepted) / length,
        interval.Count(CallOutcome.Refused) / length, interval.Count(CallOutcome.DeadlineExceeded) / length,
        interval.Count(CallOutcome.Other) / length, interval.Latencies.Summarize(), residentBytes);
}
