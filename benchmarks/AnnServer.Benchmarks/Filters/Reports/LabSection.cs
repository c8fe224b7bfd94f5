using AnnServer.Benchmarks.Filters.Measuring;
using AnnServer.Benchmarks.Filters.Workloads;

namespace AnnServer.Benchmarks.Filters.Reports;

/// <summary>What was measured on one data set.</summary>
/// <param name="Description">Size and metric.</param>
/// <param name="Load">The load average of the machine before and after.</param>
/// <param name="Pairs">Cells of the set's own pairs; none where it has no pairs.</param>
/// <param name="Workload">That of templates; null where it was left out.</param>
internal sealed record LabSection(
    string Name, string Description, string Load, IReadOnlyList<CellResult> Grid, IReadOnlyList<CellResult> Pairs,
    WorkloadResult? Workload);
