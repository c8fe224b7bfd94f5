namespace AnnServer.Benchmarks.Filters.Workloads;

/// <summary>What a workload of templates took, query by query and in batches.</summary>
/// <param name="Templates">Predicates that the queries share.</param>
/// <param name="TopShare">Share of the queries that have the most frequent one.</param>
internal sealed record WorkloadResult(int Templates, double TopShare, IReadOnlyList<WorkloadRow> Rows);
