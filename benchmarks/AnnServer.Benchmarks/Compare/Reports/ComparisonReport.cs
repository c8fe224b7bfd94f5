using System.Text;
using System.Text.Json;

namespace AnnServer.Benchmarks.Compare.Reports;

/// <summary>A comparison as <c>compare.json</c>, <c>compare.md</c> and plots beside them.</summary>
internal sealed class ComparisonReport(ComparisonPlan plan, string machine)
{
    // All others are held against this one.
    private const string Ours = "annserver";

    private static readonly double[] Recalls = [0.95, 0.99];

    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    private readonly List<DataSetResult> _results = [];

    public void Add(DataSetResult result) => _results.Add(result);

    public async Task WriteAsync(string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "compare.json"), Json(), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "compare.md"), Markdown(), cancellationToken);
        foreach (DataSetResult result in _results)
        {
            foreach (RecallPlot plot in RecallPlot.All)
                await File.WriteAllTextAsync(Path.Combine(folder, plot.FileOf(result)), plot.Svg(result), cancellationToken);
        }
    }

    /// <summary>An array of every row of every data set.</summary>
    public string Json() => JsonSerializer.Serialize(_results.SelectMany(result => result.Rows), JsonOptions) + "\n";

    public string Markdown()
    {
        StringBuilder text = new();
        text.AppendLine("# Comparison").AppendLine();
        text.AppendLine($"- {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC, on {machine}; all contenders on core {plan.Core}, one thread each, in turn.");
        text.AppendLine($"- Recall@{plan.K}; medians of {plan.Rounds} rounds after {plan.WarmUp} at each effort. CPU is that of the whole process.");
        foreach (var version in _results.SelectMany(result => result.Contenders).GroupBy(contender => contender.Version))
            text.AppendLine($"- {string.Join(", ", version.Select(contender => contender.Contender).Distinct())}: {version.Key}.");
        text.AppendLine("- What is counted, and what favours whom: [benchmarks/compare/README.md](../compare/README.md#what-is-counted).");
        foreach (DataSetResult result in _results)
            Append(text, result);
        return text.ToString();
    }

    private static void Append(StringBuilder text, DataSetResult result)
    {
        ContenderReady any = result.Contenders[0];
        text.AppendLine().AppendLine($"## {result.DataSet.Name}").AppendLine();
        text.AppendLine($"{any.N:N0} vectors of {any.Dim} dimensions, {result.DataSet.Metric}, {any.Queries:N0} queries. Load average {result.Load}.");
        text.AppendLine();
        foreach (RecallPlot plot in RecallPlot.All)
            text.AppendLine($"![{plot.Title}]({plot.FileOf(result)})");
        text.AppendLine().AppendLine("At equal recall (interpolated; × is the multiple of annserver's):").AppendLine();
        AppendAtEqualRecall(text, result);
        text.AppendLine().AppendLine("Measured:").AppendLine();
        text.AppendLine("| contender | parameters | recall | CPU µs/query | QPS | build CPU s | bytes/vector | peak RSS MiB |");
        text.AppendLine("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (ComparisonRow row in result.Rows)
        {
            text.AppendLine(
                $"| {row.Contender} | {row.Params} | {row.Recall:F4} | {row.CpuUsPerQuery:F1} | {row.Qps:F0} | {row.BuildCpuS:F1} | "
                + $"{row.BytesPerVector:F0} | {row.PeakRssBytes >> 20} |");
        }
    }

    private static void AppendAtEqualRecall(StringBuilder text, DataSetResult result)
    {
        ContenderReady? ours = result.Contenders.FirstOrDefault(contender => contender.Contender == Ours);
        text.Append("| contender |");
        foreach (double recall in Recalls)
            text.Append($" CPU µs/query at {recall} | × |");
        text.AppendLine(" build CPU s | × | bytes/vector | peak RSS MiB |");
        text.AppendLine("| --- |" + string.Concat(Enumerable.Repeat(" ---: |", (2 * Recalls.Length) + 4)));
        foreach (ContenderReady contender in result.Contenders)
        {
            RecallCurve curve = result.CurveOf(contender);
            text.Append($"| {contender.Contender} |");
            foreach (double recall in Recalls)
            {
                double? cost = curve.CostAt(recall);
                string bound = curve.StartsAbove(recall) ? "≤ " : "";
                text.Append(cost is null ? " not reached |" : $" {bound}{cost:F1} |");
                text.Append($" {Ratio(cost, ours is null ? null : result.CurveOf(ours).CostAt(recall))} |");
            }
            long peak = result.Rows.Where(row => row.Contender == contender.Contender).Max(row => row.PeakRssBytes);
            text.AppendLine(
                $" {contender.BuildCpuS:F1} | {Ratio(contender.BuildCpuS, ours?.BuildCpuS)} | {contender.BytesPerVector:F0} | {peak >> 20} |");
        }
    }

    private static string Ratio(double? value, double? ours) => value is null || ours is null or 0 ? "" : $"{value / ours:F2}";
}
