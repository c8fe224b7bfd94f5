using System.Globalization;
using System.Text;
using AnnServer.Benchmarks.Compare.Reports;
using AnnServer.Benchmarks.Filters;

namespace AnnServer.Benchmarks.Ranges;

/// <summary>Writes <c>ranges.md</c>.</summary>
internal sealed class RangeReport(int limit)
{
    private readonly StringBuilder _text = new StringBuilder()
        .AppendLine("# Searches within a score threshold")
        .AppendLine()
        .AppendLine($"On {Machine.Describe()}, in process, one thread, {Environment.Version}. Each query has thresholds of its own, between the scores of two")
        .AppendLine("neighbours by brute force. *recall*: of the points within, the share that came back; *worst*: of the worst query. *limit*: the same")
        .AppendLine($"search without a threshold, for {limit:N0} results. Times are of the clock, the median of the queries; all else are means.");

    public void Add(LabSet set, IReadOnlyList<RangeCell> cells)
    {
        _text.AppendLine().AppendLine($"## {set.Name}").AppendLine()
            .AppendLine($"{set.Count:N0} vectors of {set.Dimension} dimensions, {set.Metric}. Load average {Machine.Load()} after.").AppendLine()
            .AppendLine("| filter | effort | within | recall | worst | distances | µs | limit: distances | limit: µs |")
            .AppendLine("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (RangeCell cell in cells)
        {
            _text.AppendLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {cell.Filter} | {cell.Effort} | {cell.Within:F0} | {cell.Recall:F4} | {cell.WorstRecall:F3} | {cell.Distances:N0} | {cell.Microseconds:F0} | {cell.LimitDistances:N0} | {cell.LimitMicroseconds:F0} |"));
        }
    }

    public Task WriteAsync(string folder, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        return File.WriteAllTextAsync(Path.Combine(folder, "ranges.md"), _text.ToString(), cancellation);
    }
}
