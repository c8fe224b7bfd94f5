using AnnServer.LoadGen.Soak;

namespace AnnServer.LoadGen.Reports;

/// <summary>A soak as a document.</summary>
internal static class SoakMarkdown
{
    private const int MostRows = 40;
    private const double Mebibyte = 1024 * 1024;

    /// <param name="command">The arguments it was run with.</param>
    public static string Write(SoakReport report, string command)
    {
        (SoakSettings settings, SoakOutcome outcome) = (report.Settings, report.Outcome);
        int kills = outcome.Restarts.Count(restart => restart.IsKill);
        string ends = $"{kills} SIGKILL, {outcome.Restarts.Count - kills} SIGTERM";
        return $"""
            # Soak

            `LoadGen {command}`

            {outcome.Seconds / 60:F1} minutes of {settings.Rate:F0} operations a second on about {settings.Points:N0} points: {outcome.Answered:N0} operations
            answered, {outcome.Acknowledged:N0} changes of points acknowledged, {outcome.Unavailable:N0} operations cut off by {ends}. After each of
            these every point was read back. The last quarter of the samples is compared with the second, without those before the first end.

            {MarkdownTable.Of(report.Verdicts)}
            Samples (at most {MostRows} of {outcome.Samples.Count}); latency counts from when an operation was due:

            {Samples(outcome.Samples)}
            Ends of the server:

            {Restarts(outcome.Restarts)}
            """;
    }

    private static MarkdownTable Samples(IReadOnlyList<SoakSample> samples)
    {
        MarkdownTable table = new(
            "s", "start", "RSS MiB", "anonymous", "heap", "threads", "fds", "data MiB", "search p50 ms", "p99 ms", "write p50 ms", "p99 ms",
            "done/s of wanted", "errors", "recall", "points");
        foreach (SoakSample sample in MarkdownTable.Thin(samples, MostRows))
        {
            table.AddRow(
                $"{sample.Seconds:F0}", $"{sample.Start}", Mib(sample.ResidentBytes), Mib(sample.AnonymousBytes), Mib(sample.ManagedHeapBytes),
                $"{sample.Threads}", $"{sample.Handles}", Mib(sample.FolderBytes), Ms(sample.Searches.P50Us), Ms(sample.Searches.P99Us),
                Ms(sample.Writes.P50Us), Ms(sample.Writes.P99Us), $"{sample.Done:F0} of {sample.Wanted:F0}", $"{sample.Failures}",
                $"{sample.Recall:F3}", $"{sample.Points}");
        }
        return table;
    }

    private static MarkdownTable Restarts(IReadOnlyList<SoakRestart> restarts)
    {
        MarkdownTable table = new("s", "signal", "exit code", "s to exit", "s to ready");
        foreach (SoakRestart restart in MarkdownTable.Thin(restarts, MostRows))
        {
            table.AddRow(
                $"{restart.Seconds:F0}", restart.IsKill ? "SIGKILL" : "SIGTERM", restart.IsKill ? "" : $"{restart.ExitCode}",
                $"{restart.ExitSeconds:F2}", $"{restart.ReadySeconds:F2}");
        }
        return table;
    }

    private static string Mib(long bytes) => $"{bytes / Mebibyte:F1}";

    private static string Ms(long microseconds) => $"{microseconds / 1000.0:F2}";
}
