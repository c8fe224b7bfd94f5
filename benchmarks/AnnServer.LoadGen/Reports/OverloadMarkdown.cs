using AnnServer.LoadGen.Overload;

namespace AnnServer.LoadGen.Reports;

/// <summary>An overload as a document.</summary>
internal static class OverloadMarkdown
{
    private const int MostRows = 40;
    private const double Mebibyte = 1024 * 1024;

    /// <param name="command">The arguments it was run with.</param>
    public static string Write(OverloadReport report, string command)
    {
        (OverloadSettings settings, OverloadOutcome outcome) = (report.Settings, report.Outcome);
        return $"""
            # Overload

            `LoadGen {command}`

            {settings.Times:F0} times the peak of {outcome.Peak:F0} calls a second for {settings.Duration.TotalMinutes:F1} minutes, on {settings.Connections} connections, with a
            deadline of {settings.Deadline.TotalSeconds:F1} s: {report.OfferedLine}.

            {MarkdownTable.Of(report.Verdicts)}
            Calls a second by what became of them, and latency of those accepted, from when they were due:

            {Samples(outcome)}
            """;
    }

    private static MarkdownTable Samples(OverloadOutcome outcome)
    {
        MarkdownTable table = new(
            "phase", "s", "wanted", "offered", "held back", "accepted", "refused", "deadline", "other", "p50 ms", "p99 ms", "RSS MiB");
        const int few = 5;
        Add("half, before", outcome.Before, few);
        Add("half, beside bystanders", outcome.Beside, few);
        Add("overload", outcome.During, MostRows);
        Add("half, after", outcome.After, few);
        return table;

        void Add(string phase, IReadOnlyList<OverloadSample> samples, int most)
        {
            foreach (OverloadSample sample in MarkdownTable.Thin(samples, most))
            {
                table.AddRow(
                    phase, $"{sample.Seconds:F0}", $"{sample.Wanted:F0}", $"{sample.Offered:F0}", $"{sample.HeldBack:F0}", $"{sample.Accepted:F0}",
                    $"{sample.Refused:F0}", $"{sample.DeadlineExceeded:F0}", $"{sample.Other:F0}", $"{sample.Latency.P50Us / 1000.0:F2}",
                    $"{sample.Latency.P99Us / 1000.0:F2}", $"{sample.ResidentBytes / Mebibyte:F1}");
            }
        }
    }
}
