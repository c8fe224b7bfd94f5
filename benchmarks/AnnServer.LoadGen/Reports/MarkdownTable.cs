using System.Text;
using AnnServer.LoadGen.Verdicts;

namespace AnnServer.LoadGen.Reports;

/// <summary>A table in Markdown.</summary>
internal sealed class MarkdownTable
{
    private readonly StringBuilder _text = new();

    public MarkdownTable(params string[] columns)
    {
        AddRow(columns);
        AddRow([.. columns.Select(_ => "---")]);
    }

    public void AddRow(params string[] cells) => _text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    public override string ToString() => _text.ToString();

    public static MarkdownTable Of(IReadOnlyList<Verdict> verdicts)
    {
        MarkdownTable table = new("verdict", "figure", "bound", "");
        foreach (Verdict verdict in verdicts)
        {
            table.AddRow(verdict.Name, verdict.Figure, verdict.Bound, verdict.Passed ? "pass" : "**FAIL**");
        }

        return table;
    }

    /// <summary>As many rows as are asked for at most, evenly over all of them, the first and the last among them.</summary>
    public static IReadOnlyList<T> Thin<T>(IReadOnlyList<T> rows, int most) => rows.Count <= most
        ? rows
        : [.. Enumerable.Range(0, most).Select(i => rows[(int)((long)i * (rows.Count - 1) / (most - 1))])];
}
