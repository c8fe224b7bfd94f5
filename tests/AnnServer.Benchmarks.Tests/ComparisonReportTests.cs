using System.Text.Json;
using System.Xml.Linq;
using AnnServer.Benchmarks.Compare;
using AnnServer.Benchmarks.Compare.Data;
using AnnServer.Benchmarks.Compare.Reports;

namespace AnnServer.Benchmarks.Tests;

public sealed class ComparisonReportTests
{
    private static readonly ComparisonPlan Plan = new(["annserver", "peer"], 16, 200, 10, [10, 100])
    {
        Rounds = 3,
        WarmUp = 1,
        Core = 0,
    };

    [Fact]
    public void Json_SeveralDataSets_IsOneArrayOfEveryRow()
    {
        using JsonDocument document = JsonDocument.Parse(Report().Json());

        JsonElement[] rows = [.. document.RootElement.EnumerateArray()];
        Assert.Equal(8, rows.Length);
        Assert.Equal(["first", "second"], rows.Select(row => row.GetProperty("dataset").GetString()).Distinct());
        Assert.Equal(["annserver", "peer"], rows.Select(row => row.GetProperty("contender").GetString()).Distinct().Order());
        Assert.Equal(
            [
                "dataset", "contender", "params", "ef", "recall", "cpu_us_per_query", "qps", "build_cpu_s", "bytes_per_vector",
                "peak_rss_bytes",
            ],
            rows[0].EnumerateObject().Select(property => property.Name));
        Assert.Equal(
            [JsonValueKind.String, JsonValueKind.String, JsonValueKind.String, .. Enumerable.Repeat(JsonValueKind.Number, 7)],
            rows[0].EnumerateObject().Select(property => property.Value.ValueKind));
    }

    [Fact]
    public void Markdown_AtEqualRecall_StatesCostsAndMultiples()
    {
        string[] lines = Report().Markdown().Split('\n');

        // annserver goes from 0.90 at 20 µs to 1.00 at 80 µs: 0.95 costs 40 µs. The peer has 0.95 at 100 µs and ends there.
        Assert.Contains(lines, line => line.StartsWith("| annserver | 40.0 | 1.00 |", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("| peer | 100.0 | 2.50 | not reached |  | 30.0 | 3.00 |", StringComparison.Ordinal));
    }

    [Fact]
    public void Markdown_Header_NamesMachineAndVersions()
    {
        string text = Report().Markdown();

        Assert.Contains("some processor", text);
        Assert.Contains("- peer: peer 1.2.", text);
        Assert.Contains("Load average 1.00 before, 2.00 after", text);
    }

    [Fact]
    public async Task WriteAsync_Folder_HoldsTableRowsAndPlotsOfEveryDataSet()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("ann-report-");
        try
        {
            await Report().WriteAsync(folder.FullName, TestContext.Current.CancellationToken);

            Assert.Equal(
                [
                    "compare.json", "compare.md", "recall-cpu-first.svg", "recall-cpu-second.svg", "recall-qps-first.svg",
                    "recall-qps-second.svg",
                ],
                folder.GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal));
            XDocument plot = XDocument.Load(Path.Combine(folder.FullName, "recall-cpu-first.svg"));
            string[] texts = [.. plot.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value)];
            Assert.Contains("annserver", texts);
            Assert.Contains("peer", texts);
            Assert.True(plot.Descendants().Count(element => element.Name.LocalName == "polyline") >= 2);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Row_FromRounds_TakesMediansAndThePeak()
    {
        ComparisonRow row = ComparisonRow.From(
            "set", Ready("peer", 30),
            [new(10, "ef=10", 0.9, 50, 3, 100), new(10, "ef=10", 0.9, 10, 1, 300), new(10, "ef=10", 0.9, 20, 2, 200)]);

        Assert.Equal(new ComparisonRow("set", "peer", "M=16 ef=10", 10, 0.9, 20, 2, 30, 640, 300), row);
    }

    private static ComparisonReport Report()
    {
        ComparisonReport report = new(Plan, "some processor");
        report.Add(Result("first"));
        report.Add(Result("second"));
        return report;
    }

    private static DataSetResult Result(string name) => new(
        new DataSet(name, "/" + name, "l2"),
        [Ready("annserver", 10), Ready("peer", 30)],
        [Row(name, "annserver", 0.90, 20), Row(name, "peer", 0.85, 60), Row(name, "annserver", 1.00, 80), Row(name, "peer", 0.95, 100)],
        "1.00 before, 2.00 after");

    private static ContenderReady Ready(string name, double buildSeconds) =>
        new(true, name, name + " 1.2", 1000, 8, 100, "M=16", buildSeconds, 640);

    private static ComparisonRow Row(string dataSet, string contender, double recall, double cost) =>
        new(dataSet, contender, "M=16", 10, recall, cost, 1e6 / cost, 30, 640, 1 << 20);
}
