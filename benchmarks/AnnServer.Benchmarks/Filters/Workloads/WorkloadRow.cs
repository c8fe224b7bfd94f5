namespace AnnServer.Benchmarks.Filters.Workloads;

/// <summary>One way to answer the workload.</summary>
/// <param name="Questions">Asked of it: the first ones of the workload, where all would take too long.</param>
/// <param name="Ratio">Throughput by processor time, over that of the planner one query at a time, on the same questions.</param>
internal sealed record WorkloadRow(string Name, int Questions, double Recall, double Cpu, double Ratio);
