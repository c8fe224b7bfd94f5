namespace AnnServer.Benchmarks.Compare;

/// <summary>The line a contender prints after a round: every query once, on one thread.</summary>
internal sealed record ContenderRound(int Ef, double Recall, double CpuUsPerQuery, double Qps);
