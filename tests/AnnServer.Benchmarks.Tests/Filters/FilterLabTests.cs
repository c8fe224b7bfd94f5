using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using AnnServer.Benchmarks.Filters;
using AnnServer.Benchmarks.Filters.Grid;
using AnnServer.Benchmarks.Filters.Measuring;
using AnnServer.Benchmarks.Filters.Reports;

namespace AnnServer.Benchmarks.Tests.Filters;

public sealed class FilterLabTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ann-filter-lab-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task RunAsync_SmallSet_ReportsEveryCell()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        FilterLab lab = new(LabFixture.Plan, Path.Combine(_folder.FullName, "databases"));
        FilterReport report = new(LabFixture.Plan);

        LabSection section = await lab.RunAsync(LabFixture.Set(4000), cancellation);
        report.Add(section);
        await report.WriteAsync(_folder.FullName, cancellation);

        Assert.Equal(
            ["Equality 20 %", "Equality 0.1 %", "AntiCorrelated 20 %", "AntiCorrelated 0.1 %"],
            section.Grid.Select(cell => $"{cell.Group} {cell.Band}"));
        Assert.All(section.Grid, cell =>
        {
            Assert.Equal((0, 0, 6), (cell.Short, cell.Wrong, cell.Strategies.Values.Sum()));
            Assert.InRange(cell.Recall, 0.9, 1);
            Assert.Equal(1, cell.Exact.Recall);
            Assert.True(cell.Cpu > 0 && cell.Distances > 0 && cell.Qps > 0 && cell.P99 > 0);
            Assert.True(cell.Exact.Ratio > 0 && cell.PostFilter.Ratio > 0);
        });
        // Four of 4,000 points match: fewer than are wanted.
        Assert.Equal(4, section.Grid[1].Matching);
        Assert.False(report.HasFailed);
        Task<string> ReadAsync(string name) => File.ReadAllTextAsync(Path.Combine(_folder.FullName, name), cancellation);
        using JsonDocument json = JsonDocument.Parse(await ReadAsync("filters.json"));
        Assert.Equal(4, json.RootElement.GetArrayLength());
        Assert.Contains("| Equality | 20 % | 6 | 800 |", await ReadAsync("filters.md"));
        Assert.Contains(">AntiCorrelated<", await ReadAsync("filters-small.svg"));
    }

    [Fact]
    public async Task RunAsync_DatabaseThatIsKept_AnswersTheSame()
    {
        LabPlan plan = LabFixture.Plan with { Shapes = [Shape.Range] };
        FilterLab lab = new(plan, Path.Combine(_folder.FullName, "databases"));

        LabSection built = await lab.RunAsync(LabFixture.Set(2000), TestContext.Current.CancellationToken);
        LabSection opened = await lab.RunAsync(LabFixture.Set(2000), TestContext.Current.CancellationToken);

        Assert.Equal(
            built.Grid.Select(cell => (cell.Recall, cell.Distances, cell.Matching)),
            opened.Grid.Select(cell => (cell.Recall, cell.Distances, cell.Matching)));
    }

    [Fact]
    public void Advantage_PostFilterOfLessRecall_DoesNotCount()
    {
        CellResult cell = Cell("Range", 0.99, exact: 3, post: new BaselineResult(5, "40", 0.9, IsEqual: false, 10, 0.5));

        Assert.Equal(3, cell.Advantage);
        Assert.Equal(0.5, (cell with { PostFilter = cell.PostFilter with { IsEqual = true } }).Advantage);
    }

    [Fact]
    public void AppendSummary_CellsBelowABaseline_AreListedWorstFirst()
    {
        BaselineResult post = new(5, "40", 1, IsEqual: true, 10, 20);
        StringBuilder text = new();

        CellTable.AppendSummary(
            text, [Cell("Range", 0.99, 0.8, post), Cell("Not", 0.93, 4, post), Cell("And", 0.98, 0.3, post)], target: 0.95);

        Assert.Contains("Cells below 0.9 × the better baseline: And 1 % (0.30), Range 1 % (0.80).", text.ToString());
        Assert.Contains("Below a recall of 0.95: Not 1 % (0.9300).", text.ToString());
        Assert.Contains("Worst recall: 0.9300, Not 1 %", text.ToString());
        Assert.DoesNotContain("Noise", text.ToString());
        // (0.04 + 0 + 0.03) / 3
        Assert.Contains("Beyond it: 0.0233 in the mean of 3 cells", text.ToString());
    }

    [Fact]
    public void AppendSummary_CellsWhereThePlannerScans_SayWhatTheSameWorkTook()
    {
        BaselineResult post = new(5, "40", 1, IsEqual: true, 10, 20);
        CellResult scanned = Cell("Range", 1, 0.97, post) with { Strategies = new Dictionary<string, int> { ["Exact"] = 5 } };
        StringBuilder text = new();

        CellResult givenUp = scanned with { Strategies = new Dictionary<string, int> { ["Graph given up"] = 3, ["Graph"] = 2 } };
        CellTable.AppendSummary(
            text, [Cell("Not", 0.97, 4, post), scanned, scanned with { Exact = post with { Ratio = 1.1 } }, givenUp], target: 0.95);

        // (0.02 + 0.05 + 0.05 + 0.05) / 4, and 0.02 without those.
        Assert.Contains("Beyond it: 0.0425 in the mean of 4 cells, 0.0200 in that of the 1 that", text.ToString());
        Assert.Contains("in the 2 cells where the planner scans too", text.ToString());
        Assert.Contains("*exact ×* is 0.97 to 1.10", text.ToString());
    }

    [Fact]
    public void Svg_AnyCells_IsWellFormedAndHasEachTwice()
    {
        BaselineResult post = new(5, "40", 1, IsEqual: true, 10, 20);

        XDocument svg = XDocument.Parse(new HeatMap([Cell("Range", 0.99, 0.8, post), Cell("a < b", 0.93, 4, post)]).Svg("set"));

        string[] texts = [.. svg.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value)];
        Assert.Equal(2, texts.Count(text => text == "a < b"));
        Assert.Contains("0.9300", texts);
        Assert.Contains("0.80", texts);
        Assert.Equal(1 + 4, svg.Descendants().Count(element => element.Name.LocalName == "rect"));
    }

    private static CellResult Cell(string group, double recall, double exact, BaselineResult post) => new("set", group, "1 %")
    {
        Questions = 5,
        Matching = 100,
        Selectivity = 0.01,
        Lift = 1,
        Recall = recall,
        Short = 0,
        Wrong = 0,
        Distances = 100,
        Cpu = 20,
        FilterTime = 5,
        Qps = 1000,
        P99 = 50,
        Strategies = new Dictionary<string, int> { ["Graph"] = 5 },
        Exact = new BaselineResult(5, "", 1, IsEqual: true, 20 * exact, exact),
        PostFilter = post,
    };
}
