using System.Text;

namespace AnnServer.CrashTests.Corruption;

/// <summary>Counts outcomes by row and writes them as a table.</summary>
internal sealed class Tally(string heading)
{
    private static readonly (Outcome Outcome, string Heading)[] Columns =
    [
        (Outcome.Refused, "refused"),
        (Outcome.Repaired, "repaired"),
        (Outcome.Confined, "confined"),
        (Outcome.TakenForTorn, "taken for torn"),
        (Outcome.NoEffect, "no effect"),
        (Outcome.Forbidden, "**forbidden**"),
    ];

    private readonly SortedDictionary<string, Dictionary<Outcome, int>> _rows = new(StringComparer.Ordinal);

    public void Count(string row, Outcome outcome)
    {
        if (!_rows.TryGetValue(row, out Dictionary<Outcome, int>? counts))
        {
            _rows.Add(row, counts = []);
        }

        counts[outcome] = counts.GetValueOrDefault(outcome) + 1;
    }

    public int Sum(Outcome outcome) => _rows.Values.Sum(counts => counts.GetValueOrDefault(outcome));

    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine($"| {heading} | trials | {string.Join(" | ", Columns.Select(static column => column.Heading))} |");
        text.AppendLine($"| --- | ---: | {string.Join(" | ", Columns.Select(static _ => "---:"))} |");
        foreach ((string row, Dictionary<Outcome, int> counts) in _rows)
        {
            AppendRow(row, counts.Values.Sum(), counts.GetValueOrDefault);
        }

        AppendRow("**all**", _rows.Values.Sum(static counts => counts.Values.Sum()), Sum);
        return text.ToString();

        void AppendRow(string row, int trials, Func<Outcome, int> count) =>
            text.AppendLine($"| {row} | {trials} | {string.Join(" | ", Columns.Select(column => count(column.Outcome)))} |");
    }
}
