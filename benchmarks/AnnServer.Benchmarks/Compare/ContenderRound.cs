namespace AnnServer.Benchmarks.Compare;

/// <summary>The line a contender prints after a round: every query once, on one thread.</summary>
/// <param name="Effort">What the contender made of the ef, for the report.</param>
internal sealed record ContenderRound(int Ef, string Effort, double Recall, double CpuUsPerQuery, double Qps, long PeakRssBytes);
