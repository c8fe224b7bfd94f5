using AnnServer.Benchmarks.Compare.Data;

namespace AnnServer.Benchmarks.Compare.Reports;

/// <summary>What was measured on one data set.</summary>
/// <param name="Load">The load average of the machine before and after.</param>
internal sealed record DataSetResult(
    DataSet DataSet, IReadOnlyList<ContenderReady> Contenders, IReadOnlyList<ComparisonRow> Rows, string Load)
{
    public RecallCurve CurveOf(ContenderReady contender) =>
        new([.. Rows.Where(row => row.Contender == contender.Contender).Select(row => (row.Recall, row.CpuUsPerQuery))]);
}
