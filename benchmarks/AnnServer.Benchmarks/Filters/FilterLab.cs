using AnnServer.Benchmarks.Compare.Reports;
using AnnServer.Benchmarks.Filters.Columns;
using AnnServer.Benchmarks.Filters.Grid;
using AnnServer.Benchmarks.Filters.Measuring;
using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.Benchmarks.Filters.Reports;
using AnnServer.Benchmarks.Filters.Workloads;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying.Recall;

namespace AnnServer.Benchmarks.Filters;

/// <summary>Measures one data set: makes attributes and questions, builds the collection, runs every cell.</summary>
/// <param name="databases">Folder where databases are kept for the next run; null for one that goes with this one.</param>
internal sealed class FilterLab(LabPlan plan, string? databases)
{
    public async Task<LabSection> RunAsync(LabSet set, CancellationToken cancellation)
    {
        string loadBefore = Machine.Load();
        bool hasPairs = set.Folder is not null && File.Exists(Path.Combine(set.Folder, PairQuestions.FileName));
        await LogAsync($"{set.Name}: attributes and truth");
        FilterGrid grid = new(set.Rows, set.Dimension, set.Metric, plan.Seed);
        AttributeColumns columns = new(set.Count, [.. grid.Columns, .. hasPairs ? TextColumns.Read(set.Folder!) : []]);
        TruthFinder finder = new(set.Score, set.Rows, set.Dimension, columns, plan.K);
        float[][] queries = [.. Enumerable.Range(0, Math.Min(plan.Queries, set.Queries.Count)).Select(set.Queries.ToSingles)];
        IReadOnlyList<QuestionCell> cells = GridQuestions.Make(grid, finder, queries, plan.Shapes, plan.Selectivities);
        IReadOnlyList<QuestionCell> pairs = hasPairs && plan.Pairs > 0
            ? [.. PairQuestions.Read(set.Folder!, set.Queries, plan.K).Select(cell => cell.First(plan.Pairs))]
            : [];

        TemplateWorkload? workload = plan.Workload == 0 ? null : TemplateWorkload.Make(grid, finder, set.Queries, plan);

        bool isKept = databases is not null;
        string folder = isKept
            ? Path.Combine(databases!, $"{set.Name}-{set.Count}-seed{plan.Seed}")
            : Directory.CreateTempSubdirectory("ann-filters-").FullName;
        try
        {
            await LogAsync($"{set.Name}: builds or opens {set.Count:N0} points");
            await using LabDatabase database = await LabDatabase.OpenAsync(folder, set, columns, cancellation);
            await CalibrateAsync(database.Collection, set, cancellation);
            CellRun run = new(plan, set, columns, database.Collection);
            run.WarmUp(cells);
            IReadOnlyList<CellResult> ofGrid = await RunAsync(run, cells, cancellation), ofPairs = await RunAsync(run, pairs, cancellation);
            WorkloadResult? ofWorkload = workload is null ? null : new WorkloadRun(plan, set, columns, database.Collection).Run(workload);
            return new LabSection(
                set.Name,
                $"{set.Count:N0} vectors of {set.Dimension} dimensions, {set.Metric}, M {database.Collection.Config.Hnsw.M}.",
                $"{loadBefore} before, {Machine.Load()} after",
                ofGrid,
                ofPairs,
                ofWorkload);
        }
        finally
        {
            if (!isKept)
                Directory.Delete(folder, recursive: true);
        }
    }

    // With queries that no cell has, until the collection has measured what a recall takes; where none is asked for, nothing is done.
    private async Task CalibrateAsync(Collection collection, LabSet set, CancellationToken cancellation)
    {
        SearchQuery query = new() { Vector = default, K = plan.K };
        plan.Effort.Apply(query);
        if (query.RecallTarget is null)
            return;
        await LogAsync($"{set.Name}: calibrates");
        RecallState recall = collection.Data.Recall;
        for (int i = plan.Queries; i < set.Queries.Count || (recall.Model?.IsStale(set.Count, recall.Queries.Count) ?? true); i++)
        {
            query.Vector = set.Queries.ToSingles(plan.Queries + ((i - plan.Queries) % Math.Max(1, set.Queries.Count - plan.Queries)));
            _ = collection.Search(query, new Faults(), cancellation).Value;
            if (i >= set.Queries.Count)
                await Task.Delay(20, cancellation);
        }
    }

    private static async Task<IReadOnlyList<CellResult>> RunAsync(
        CellRun run, IReadOnlyList<QuestionCell> cells, CancellationToken cancellation)
    {
        List<CellResult> results = [];
        foreach (QuestionCell cell in cells)
        {
            cancellation.ThrowIfCancellationRequested();
            CellResult result = run.Run(cell);
            results.Add(result);
            await LogAsync(
                $"{result.Set}: {result.Group} {result.Band}: recall {result.Recall:F4}, {result.Cpu:F1} µs, "
                + $"{result.Advantage:F2} × the better baseline");
        }
        return results;
    }

    private static Task LogAsync(string line) => Console.Error.WriteLineAsync(line);
}
