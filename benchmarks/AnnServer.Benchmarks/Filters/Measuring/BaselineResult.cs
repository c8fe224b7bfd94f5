namespace AnnServer.Benchmarks.Filters.Measuring;

/// <summary>A baseline beside the planner on the same questions.</summary>
/// <param name="Questions">The first ones of the cell, as many as the time for a baseline allows.</param>
/// <param name="Effort">How it was set; empty where there is nothing to set.</param>
/// <param name="IsEqual">Whether its recall is at least the planner's on these questions.</param>
/// <param name="Ratio">Its processor time over the planner's.</param>
internal sealed record BaselineResult(int Questions, string Effort, double Recall, bool IsEqual, double Cpu, double Ratio);
