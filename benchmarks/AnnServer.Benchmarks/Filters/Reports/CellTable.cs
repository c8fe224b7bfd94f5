using System.Text;
using AnnServer.Benchmarks.Filters.Measuring;
using AnnServer.Engine.Model;

namespace AnnServer.Benchmarks.Filters.Reports;

/// <summary>Cells as a table, and what stands out in them as a list.</summary>
internal static class CellTable
{
    // Below this a search costs noticeably more than if it had been planned otherwise.
    private const double LeastAdvantage = 0.9;

    private const string Scan = nameof(SearchStrategy.Exact);

    public static void AppendSummary(StringBuilder text, IReadOnlyList<CellResult> cells, double target)
    {
        CellResult worst = cells.MinBy(cell => cell.Recall)!, slowest = cells.MinBy(cell => cell.Advantage)!;
        CellResult[] below = [.. cells.Where(cell => cell.Recall < target).OrderBy(cell => cell.Recall)];
        CellResult[] slow = [.. cells.Where(cell => cell.Advantage < LeastAdvantage).OrderBy(cell => cell.Advantage)];
        text.AppendLine(
            $"- Worst recall: {worst.Recall:F4}, {NameOf(worst)}; slowest beside a baseline: {slowest.Advantage:F2} ×, {NameOf(slowest)}.");
        CellResult[] approximate = [.. cells.Where(cell => 2 * cell.Strategies.Where(ComparedWithAll).Sum(entry => entry.Value) < cell.Strategies.Values.Sum())];
        text.AppendLine(
            $"- Below a recall of {target}: {Listed(below, cell => $"{cell.Recall:F4}")}. Beyond it: {Beyond(cells, target)} in the mean of {cells.Count} cells, "
            + $"{Beyond(approximate, target)} in that of the {approximate.Length} that are for the most part not answered by comparing with all.");
        text.AppendLine(
            $"- Short answers: {cells.Sum(cell => cell.Short)}; results that do not match, or come twice: {cells.Sum(cell => cell.Wrong)}.");
        text.AppendLine($"- Cells below {LeastAdvantage} × the better baseline: {Listed(slow, cell => $"{cell.Advantage:F2}")}.");
        text.AppendLine(
            $"- CPU µs/query, mean of cells: planner {cells.Average(cell => cell.Cpu):F1}; "
            + $"geometric mean of the advantage {Math.Exp(cells.Average(cell => Math.Log(cell.Advantage))):F2} ×.");
        double[] same =
        [
            .. cells.Where(cell => cell.Strategies.Count == 1 && cell.Strategies.ContainsKey(Scan)).Select(cell => cell.Exact.Ratio).Order(),
        ];
        if (same.Length > 0)
        {
            text.AppendLine(
                $"- Noise: in the {same.Length} cells where the planner scans too, and so does the same as exact search, *exact ×* is "
                + $"{Ratio(same[0])} to {Ratio(same[^1])}, {Ratio(same[same.Length / 2])} in the middle.");
        }
    }

    public static void Append(StringBuilder text, string group, string band, IReadOnlyList<CellResult> cells)
    {
        text.AppendLine(
            $"| {group} | {band} | queries | matching | lift | recall | short | distances | CPU µs | filter µs | QPS | p99 µs | strategy "
            + "| exact × | post start | post recall | post × | better × |");
        text.AppendLine("| --- | --- |" + string.Concat(Enumerable.Repeat(" ---: |", 10)) + " --- | ---: | ---: | ---: | ---: | ---: |");
        foreach (CellResult cell in cells)
        {
            string strategies = string.Join(", ", cell.Strategies.Select(entry => $"{entry.Key} {entry.Value}"));
            BaselineResult post = cell.PostFilter;
            text.AppendLine(
                $"| {cell.Group} | {cell.Band} | {cell.Questions} | {cell.Matching:F0} | {Lift(cell.Lift)} | {cell.Recall:F4} | {cell.Short} "
                + $"| {cell.Distances:F0} | {cell.Cpu:F1} | {cell.FilterTime:F1} | {cell.Qps:F0} | {cell.P99:F0} | {strategies} | {Ratio(cell.Exact.Ratio)} "
                + $"| {post.Effort} | {post.Recall:F4} | {(post.IsEqual ? "" : "(")}{Ratio(post.Ratio)}{(post.IsEqual ? "" : ")")} "
                + $"| **{Ratio(cell.Advantage)}** |");
        }
    }

    // At once, or after something else was given up.
    private static bool ComparedWithAll(KeyValuePair<string, int> entry) => entry.Key == Scan || entry.Key.EndsWith(EngineSearcher.GivenUp, StringComparison.Ordinal);

    private static string Beyond(IReadOnlyList<CellResult> cells, double target) =>
        $"{cells.Select(cell => Math.Max(0, cell.Recall - target)).DefaultIfEmpty().Average():F4}";

    private static string NameOf(CellResult cell) => $"{cell.Group} {cell.Band}";

    private static string Listed(CellResult[] cells, Func<CellResult, string> value) =>
        cells.Length == 0 ? "none" : string.Join(", ", cells.Select(cell => $"{NameOf(cell)} ({value(cell)})"));

    private static string Lift(double? lift) => lift is null ? "" : $"{lift:F2}";

    private static string Ratio(double ratio) => ratio >= 100 ? $"{ratio:F0}" : ratio >= 10 ? $"{ratio:F1}" : $"{ratio:F2}";
}
