using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using AnnServer.Benchmarks.Compare.Reports;
using AnnServer.Benchmarks.Filters.Grid;
using AnnServer.Benchmarks.Filters.Measuring;
using AnnServer.Benchmarks.Filters.Workloads;

namespace AnnServer.Benchmarks.Filters.Reports;

/// <summary>The laboratory's findings as <c>filters.md</c>, <c>filters.json</c> and heat maps beside them.</summary>
internal sealed class FilterReport(LabPlan plan)
{
    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    private readonly List<LabSection> _sections = [];

    public void Add(LabSection section) => _sections.Add(section);

    /// <summary>What must not be: answers that are short or wrong.</summary>
    public bool HasFailed => Cells.Any(cell => cell.Short > 0 || cell.Wrong > 0);

    private IEnumerable<CellResult> Cells => _sections.SelectMany(section => section.Grid.Concat(section.Pairs));

    public async Task WriteAsync(string folder, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "filters.json"), JsonSerializer.Serialize(Cells, JsonOptions) + "\n", cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "filters.md"), Markdown(), cancellation);
        foreach (LabSection section in _sections)
        {
            await DrawAsync(folder, section.Name, section.Grid, cancellation);
            await DrawAsync(folder, $"{section.Name}-pairs", section.Pairs, cancellation);
        }
    }

    public string Markdown()
    {
        StringBuilder text = new();
        text.AppendLine("# Filtered search").AppendLine();
        text.AppendLine("| date | cores | .NET | commit | effort | k | queries a cell | rounds | seed |");
        text.AppendLine("| --- | ---: | --- | --- | --- | ---: | ---: | ---: | ---: |");
        text.AppendLine(
            $"| {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC | {Environment.ProcessorCount} "
            + $"| {RuntimeInformation.FrameworkDescription} | {Commit} | {plan.Effort.Name} | {plan.K} | {plan.Queries} | {plan.Rounds} | {plan.Seed} |");
        text.AppendLine().AppendLine($"On {Machine.Describe()}. In process, one thread; the three contenders take turns round by round.");
        text.AppendLine("""

            - *recall*: of min(k, matching) results, by brute force in float64; ties with the last are right. *short*: answers with fewer.
            - *lift*: share of the query's unfiltered nearest hundred that match, over the selectivity; below 1 the filter's are elsewhere.
            - *CPU µs*: processor time of the whole process for a query: the mean over queries of each one's median over the rounds.
              *QPS* is the same of the clock, *p99* of every answer of every round, *filter µs* of the clock
              what finding all that match took: next to nothing, as each question has been asked before and its filter is kept.
            - *exact ×*: processor time of our exact search of the matching points (`exact`), over the planner's, on the same queries.
            - *post ×*: the same of a post-filtered walk: an unfiltered search with as many results as candidates, doubled until k match or 20,000
              have been looked at, each time from the beginning; testing a candidate costs it nothing but a look into a table. *post start* is
              the number of candidates it begins with: of 40, 80, 160, ... the one that is cheapest among those with at least the planner's
              recall on the same queries, known only in hindsight. In brackets: none reaches that recall, and the one nearest to it is shown.
            - *better ×*: the smaller of the two, without those in brackets. Below 1 another plan would have been cheaper.
            - A baseline that takes long is asked the first queries of a cell only; ratios compare it with the planner on those.

            Filters of the grid, over attributes made for it:

            """);
        foreach (Shape shape in plan.Shapes)
            text.AppendLine($"- *{shape}*: {FilterGrid.Describe(shape)}.");
        foreach (LabSection section in _sections)
            Append(text, section);
        return text.ToString();
    }

    private static string Commit
    {
        get
        {
            string version =
                typeof(FilterReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
            int plus = version.IndexOf('+');
            return plus < 0 ? "unknown" : version[(plus + 1)..Math.Min(version.Length, plus + 8)];
        }
    }

    private void Append(StringBuilder text, LabSection section)
    {
        text.AppendLine().AppendLine($"## {section.Name}").AppendLine();
        text.AppendLine($"{section.Description} Load average {section.Load}.").AppendLine();
        Append(text, section.Name, ("shape", "selectivity"), section.Grid);
        if (section.Pairs.Count > 0)
        {
            text.AppendLine().AppendLine($"### {section.Name}, its own pairs").AppendLine();
            text.AppendLine($"{section.Pairs.Sum(cell => cell.Questions):N0} pairs of a query and a predicate over real attributes.");
            text.AppendLine();
            Append(text, $"{section.Name}-pairs", ("group", "band"), section.Pairs);
        }
        if (section.Workload is { } workload)
            Append(text, section.Name, workload);
    }

    private static void Append(StringBuilder text, string name, WorkloadResult workload)
    {
        text.AppendLine().AppendLine($"### {name}, a workload of templates").AppendLine();
        text.AppendLine(
            $"As in Mohoney et al., SIGMOD 2023: every query has one of {workload.Templates} predicates (six shapes, 20 to 0.1 %), the one of "
            + $"rank i with a probability in proportion to 1 / i, {workload.TopShare * 100:F0} % the first. Throughput is by processor time, on "
            + "one thread; the post-filtered walk begins where it is cheapest for each predicate.").AppendLine();
        text.AppendLine("| how | queries | recall | CPU µs/query | × planner, one at a time |");
        text.AppendLine("| --- | ---: | ---: | ---: | ---: |");
        foreach (WorkloadRow row in workload.Rows)
            text.AppendLine($"| {row.Name} | {row.Questions} | {row.Recall:F4} | {row.Cpu:F1} | {row.Ratio:F3} |");
        WorkloadRow batched = workload.Rows[^3], exact = workload.Rows[^2], postFiltered = workload.Rows[^1];
        text.AppendLine().AppendLine(
            $"The largest batches have {batched.Ratio:F2} × the throughput of the planner one at a time, "
            + $"{batched.Ratio / postFiltered.Ratio:F1} × that of the post-filtered walk, "
            + $"and {batched.Ratio / exact.Ratio:F1} × that of exact search.");
    }

    private void Append(StringBuilder text, string name, (string Group, string Band) head, IReadOnlyList<CellResult> cells)
    {
        if (cells.Count == 0)
            return;
        CellTable.AppendSummary(text, cells, plan.Target);
        text.AppendLine().AppendLine($"![Advantage and recall](filters-{name}.svg)").AppendLine();
        CellTable.Append(text, head.Group, head.Band, cells);
    }

    private static async Task DrawAsync(string folder, string name, IReadOnlyList<CellResult> cells, CancellationToken cancellation)
    {
        if (cells.Count > 0)
            await File.WriteAllTextAsync(Path.Combine(folder, $"filters-{name}.svg"), new HeatMap(cells).Svg(name), cancellation);
    }
}
