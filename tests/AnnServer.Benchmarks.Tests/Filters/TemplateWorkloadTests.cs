using AnnServer.Benchmarks.Filters;
using AnnServer.Benchmarks.Filters.Columns;
using AnnServer.Benchmarks.Filters.Grid;
using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.Benchmarks.Filters.Workloads;
using AnnServer.Engine.Model;

namespace AnnServer.Benchmarks.Tests.Filters;

public sealed class TemplateWorkloadTests : IDisposable
{
    private const int Rows = 3000;
    private const int Questions = 120;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ann-workload-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Draw_ManyQueries_AreAsFrequentAsZipfSays()
    {
        int[] drawn = TemplateWorkload.Draw(templates: 10, count: 100_000, seed: 3);

        double sum = Enumerable.Range(1, 10).Sum(rank => 1.0 / rank);
        for (int template = 0; template < 10; template++)
        {
            double expected = 100_000 / (template + 1) / sum;
            double tolerance = 5 * Math.Sqrt(expected);
            Assert.InRange(drawn.Count(other => other == template), expected - tolerance, expected + tolerance);
        }
    }

    [Fact]
    public async Task Run_SmallWorkload_BatchesFindWhatTheyFindOneAtATime()
    {
        LabSet set = LabFixture.Set(Rows);
        LabPlan plan = LabFixture.Plan with { Workload = Questions, WorkloadSeconds = 0.01 };
        FilterGrid grid = new(set.Rows, set.Dimension, Metric.L2, plan.Seed);
        AttributeColumns columns = new(Rows, grid.Columns);
        TruthFinder finder = new(set.Score, set.Rows, set.Dimension, columns, plan.K);
        TemplateWorkload workload = TemplateWorkload.Make(grid, finder, set.Queries, plan);
        await using LabDatabase database = await LabDatabase.OpenAsync(
            _folder.FullName, set, columns, TestContext.Current.CancellationToken);

        WorkloadResult result = new WorkloadRun(plan, set, columns, database.Collection).Run(workload);

        Assert.Equal(24, result.Templates);
        Assert.Equal(
            [
                "planner, one at a time", "batches of 10", "batches of 100", "batches of 1000", "exact, one at a time",
                "post-filtered, one at a time",
            ],
            result.Rows.Select(row => row.Name));
        WorkloadRow single = result.Rows[0];
        Assert.Equal((Questions, 1.0), (single.Questions, single.Ratio));
        Assert.All(result.Rows.Skip(1).SkipLast(2), row => Assert.Equal((Questions, single.Recall), (row.Questions, row.Recall)));
        Assert.All(result.Rows, row => Assert.True(row.Cpu > 0 && row.Ratio > 0));
        Assert.InRange(result.Rows[^1].Questions, 5, Questions);
    }
}
