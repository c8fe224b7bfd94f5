using System.Text;
using System.Text.Json;

namespace AnnServer.Benchmarks.Compare;

/// <summary>Writes a comparison as a Markdown table and as a JSON array.</summary>
internal static class ComparisonReport
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    public static string Markdown(IReadOnlyList<ComparisonRow> rows)
    {
        StringBuilder text = new();
        text.AppendLine("| data set | contender | parameters | recall | CPU µs/query | QPS | build CPU s | bytes/vector |");
        text.AppendLine("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |");
        foreach (ComparisonRow row in rows)
        {
            text.AppendLine(
                $"| {row.Dataset} | {row.Contender} | {row.Params} | {row.Recall:F4} | {row.CpuUsPerQuery:F1} | {row.Qps:F0} | "
                + $"{row.BuildCpuS:F1} | {row.BytesPerVector:F0} |");
        }
        return text.ToString();
    }

    public static async Task WriteAsync(string folder, string name, IReadOnlyList<ComparisonRow> rows, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, name + ".md"), Markdown(rows), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, name + ".json"), JsonSerializer.Serialize(rows, Json) + "\n", cancellationToken);
    }
}
