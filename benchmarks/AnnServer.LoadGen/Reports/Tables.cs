using AnnServer.LoadGen.Overload;
using AnnServer.LoadGen.Soak;
using AnnServer.LoadGen.Verdicts;
using Spectre.Console;

namespace AnnServer.LoadGen.Reports;

/// <summary>Reports as tables on the console.</summary>
internal static class Tables
{
    public static void Print(LoadReport report)
    {
        ReportTable table = new(
            "collection", "loaded", "seconds", "points/s", "server CPU s", "CPU µs/point", "batch p50 ms", "p99 ms", "max ms", "retries",
            "errors");
        table.AddRow(
            report.Collection, $"{report.Loaded} of {report.Sent}", $"{report.Seconds:F2}", $"{report.PointsPerSecond:F0}",
            $"{report.ServerCpuSeconds:F2}", $"{report.ServerCpuUsPerPoint:F1}", Ms(report.BatchLatency.P50Us),
            Ms(report.BatchLatency.P99Us), Ms(report.BatchLatency.MaxUs), $"{report.Retries}", Errors(report.Errors));
        Write(table);
        PrintDetails(report.ErrorDetails);
    }

    public static void Print(IReadOnlyList<QueryReport> reports)
    {
        ReportTable table = new(
            "effort", "QPS",
            "p50 ms", "p95 ms", "p99 ms", "p99.9 ms", "max ms", "lag p50 ms",
            "CPU µs/query", "recall", "answered", "short", "errors", "loaded", "upserts/s", "upsert p99 ms");
        foreach (QueryReport report in reports)
        {
            table.AddRow(
                report.Effort, $"{report.Qps:F0}", Ms(report.Latency.P50Us), Ms(report.Latency.P95Us),
                Ms(report.Latency.P99Us), Ms(report.Latency.P999Us), Ms(report.Latency.MaxUs),
                Ms(report.SendLag.P50Us), $"{report.ServerCpuUsPerQuery:F1}",
                report.Recall is { } recall ? $"{recall:F4}" : "-", $"{report.Answered}", $"{report.ShortOfK}", Errors(report.Errors),
                $"{report.Loaded}", $"{report.Upserts.Count / report.Seconds:F0}", Ms(report.Upserts.P99Us));
        }
        Write(table);
        foreach (QueryReport report in reports)
            PrintDetails(report.ErrorDetails);
    }

    public static void Print(FilteredReport report)
    {
        ReportTable table = new(
            "slice", "pairs", "recall", "worst pair", "short", "wrong", "count differs", "mean ms", "server mean µs", "strategies");
        foreach (FilteredSlice slice in report.Slices)
        {
            table.AddRow(
                slice.Name, $"{slice.Pairs}", $"{slice.Recall:F4}", $"{slice.WorstRecall:F2}", $"{slice.Short}",
                $"{slice.WrongHits}", $"{slice.MatchingDiffers}", $"{slice.MeanLatencyUs / 1000:F2}", $"{slice.MeanServerUs:F0}",
                string.Join(", ", slice.Strategies.Select(entry => $"{entry.Key} {entry.Value}")));
        }
        Write(table);
        AnsiConsole.MarkupLineInterpolated($"loaded {report.Loaded}, errors {Errors(report.Errors)}");
        PrintDetails(report.ErrorDetails);
    }

    public static void Print(MixedReport report)
    {
        ReportTable table = new("operation", "count", "mean ms", "p50 ms", "p99 ms", "max ms");
        foreach (OperationReport operation in report.Operations)
        {
            table.AddRow(
                operation.Name, $"{operation.Latency.Count}", $"{operation.Latency.MeanUs / 1000:F2}", Ms(operation.Latency.P50Us),
                Ms(operation.Latency.P99Us), Ms(operation.Latency.MaxUs));
        }
        Write(table);
        ReportTable end = new(
            "seconds", "live points", "exact equal", "recall", "filtered recall", "wrong answers", "errors", "RSS MB first..max..last");
        end.AddRow(
            $"{report.Seconds:F1}", $"{report.LivePoints}", $"{report.ExactEqual} of {report.FinalQueries}", $"{report.DefaultRecall:F4}",
            $"{report.FilteredRecall:F4}", $"{report.WrongAnswers}", Errors(report.Errors), report.MemoryLine);
        Write(end);
        foreach (string wrong in report.FirstWrongAnswers)
            AnsiConsole.MarkupLineInterpolated($"[red]wrong[/]: {wrong}");
        PrintDetails(report.ErrorDetails);
    }

    public static void Print(SimilarReport report)
    {
        if (report.Points.Count == 0)
        {
            AnsiConsole.WriteLine("No other point matches.");
        }
        else
        {
            ReportTable table = new ReportTable("rank", "id", report.ScoreName, "attributes").Text(1, 3);
            foreach (SimilarPoint point in report.Points)
                table.AddRow($"{point.Rank}", point.Id, $"{point.Score:F4}", point.Attributes);
            Write(table);
        }
        if (report.Explanation is not null)
            AnsiConsole.WriteLine(report.Explanation);
    }

    public static void Print(StatsReport report)
    {
        const double mebibyte = 1024 * 1024;
        ReportTable table = new("searches", "upserts", "deletes", "CPU s", "RSS MB", "heap MB", "kernel bits", "up s", "version");
        table.AddRow(
            $"{report.Searches}", $"{report.Upserts}", $"{report.Deletes}", $"{report.CpuSeconds:F2}",
            $"{report.ResidentBytes / mebibyte:F0}", $"{report.ManagedHeapBytes / mebibyte:F0}", $"{report.KernelBits}",
            $"{report.UptimeSeconds:F0}", report.Version);
        Write(table);
    }

    public static void Print(SoakReport report)
    {
        SoakOutcome outcome = report.Outcome;
        Print(report.Verdicts);
        foreach (string lost in outcome.FirstLost)
            AnsiConsole.MarkupLineInterpolated($"[red]lost[/]: {lost}");
        foreach (string wrong in outcome.FirstWrongAnswers)
            AnsiConsole.MarkupLineInterpolated($"[red]wrong[/]: {wrong}");
        PrintDetails(outcome.ErrorDetails);
    }

    /// <summary>A sample of a run that goes on.</summary>
    public static void PrintLine(SoakSample sample)
    {
        const double mebibyte = 1024 * 1024;
        AnsiConsole.WriteLine(
            $"{sample.Seconds,6:F0} s  start {sample.Start}  RSS {sample.ResidentBytes / mebibyte:F1} MiB  fds {sample.Handles}  threads {sample.Threads}  "
            + $"search p99 {Ms(sample.Searches.P99Us)} ms  write p99 {Ms(sample.Writes.P99Us)} ms  {sample.Done:F0} of {sample.Wanted:F0}/s  "
            + $"errors {sample.Failures}  recall {sample.Recall:F3}");
    }

    public static void Print(OverloadReport report)
    {
        Print(report.Verdicts);
        AnsiConsole.WriteLine(report.OfferedLine);
    }

    /// <summary>A sample of a run that goes on.</summary>
    public static void PrintLine(string phase, OverloadSample sample)
    {
        const double mebibyte = 1024 * 1024;
        AnsiConsole.WriteLine(
            $"{phase} {sample.Seconds:F0} s  offered {sample.Offered:F0} of {sample.Wanted:F0}/s  held back {sample.HeldBack:F0}  "
            + $"accepted {sample.Accepted:F0}  refused {sample.Refused:F0}  deadline {sample.DeadlineExceeded:F0}  other {sample.Other:F0}  "
            + $"p50 {Ms(sample.Latency.P50Us)} ms  p99 {Ms(sample.Latency.P99Us)} ms  RSS {sample.ResidentBytes / mebibyte:F1} MiB");
    }

    private static void Print(IReadOnlyList<Verdict> verdicts)
    {
        ReportTable table = new ReportTable("verdict", "figure", "bound", "").Text(0, 1, 2, 3);
        foreach (Verdict verdict in verdicts)
            table.AddRow(verdict.Name, verdict.Figure, verdict.Bound, verdict.Passed ? "pass" : "FAIL");
        Write(table);
    }

    private static void Write(ReportTable table) => table.Write(AnsiConsole.Console, Console.IsOutputRedirected);

    private static string Ms(long microseconds) => $"{microseconds / 1000.0:F2}";

    private static string Errors(IReadOnlyDictionary<string, long> errors) =>
        errors.Count == 0 ? "0" : string.Join(", ", errors.Select(entry => $"{entry.Key} {entry.Value}"));

    private static void PrintDetails(IReadOnlyDictionary<string, string> details)
    {
        foreach ((string status, string detail) in details)
            AnsiConsole.MarkupLineInterpolated($"[red]{status}[/]: {detail}");
    }
}
