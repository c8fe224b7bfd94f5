using System.Diagnostics;
using AnnServer.Benchmarks.Compare.Data;
using AnnServer.Benchmarks.Filters;
using AnnServer.Benchmarks.Filters.Columns;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying.Recall;

namespace AnnServer.Benchmarks.Ranges;

/// <summary>Measures one data set: without a filter and with two that leave rows at random, at three radii, by default and by recall.</summary>
internal sealed class RangeLab(int queryCount, int limit, double recall, string? databases)
{
    private const string Column = "u";

    private static readonly int[] Within = [5, 50, 500];

    // In thousandths of the rows.
    private static readonly int[] Shares = [1000, 500, 50];

    public async Task<IReadOnlyList<RangeCell>> RunAsync(LabSet set, CancellationToken cancellation)
    {
        Random random = new(1);
        double[] values = [.. Enumerable.Range(0, set.Count).Select(_ => (double)random.Next(1000))];
        AttributeColumns columns = new(set.Count, [new NumberColumn(Column, AttributeType.Int64, values)]);
        float[][] queries = [.. Enumerable.Range(0, Math.Min(queryCount, set.Queries.Count)).Select(set.Queries.ToSingles)];
        string folder = databases is null
            ? Directory.CreateTempSubdirectory("ann-ranges-").FullName
            : Path.Combine(databases, $"{set.Name}-{set.Count}-ranges");
        try
        {
            await Console.Error.WriteLineAsync($"{set.Name}: builds or opens {set.Count:N0} points");
            await using LabDatabase database = await LabDatabase.OpenAsync(folder, set, columns, cancellation);
            await CalibrateAsync(database.Collection, set, cancellation);
            List<RangeCell> cells = [];
            foreach (int share in Shares)
                cells.AddRange(Measure(database.Collection, set, share, values, queries));
            return cells;
        }
        finally
        {
            if (databases is null)
                Directory.Delete(folder, recursive: true);
        }
    }

    private IEnumerable<RangeCell> Measure(Collection collection, LabSet set, int share, double[] values, float[][] queries)
    {
        int[] rows = [.. Enumerable.Range(0, set.Count).Where(row => values[row] < share)];
        float[] kept = [.. rows.SelectMany(row => new ArraySegment<float>(set.Rows, row * set.Dimension, set.Dimension))];
        Neighbour[][] truth = new ExactNeighbours(set.Score, kept, set.Dimension).Find([.. queries.SelectMany(query => query)], Within[^1] + 1);
        FilterSpec filter = share == 1000 ? FilterSpec.None : new FilterSpec($"{Column} < {share}", null);
        foreach (double? target in (double?[])[null, recall])
        {
            double limitDistances = 0;
            List<double> limitTimes = [];
            foreach (float[] vector in queries)
            {
                (SearchAnswer answer, double time) = Search(collection, Query(vector, target, filter, null));
                limitDistances += answer.Report.DistanceComputations / (double)queries.Length;
                limitTimes.Add(time);
            }

            foreach (int within in Within)
            {
                RangeCell sum = new($"{share / 10.0} %", target is null ? "default" : $"recall {target}", 0, 0, 1, 0, 0, limitDistances, Median(limitTimes));
                List<double> times = [];
                for (int i = 0; i < queries.Length; i++)
                {
                    float threshold = (float)((ScoreOf(set, truth[i][within - 1]) + ScoreOf(set, truth[i][within])) / 2);
                    HashSet<ulong> wanted = [.. truth[i].Where(near => !IsBeyond(set, near, threshold)).Select(near => (ulong)rows[near.Row])];
                    (SearchAnswer answer, double time) = Search(collection, Query(queries[i], target, filter, threshold));
                    double found = answer.Hits.Count(hit => wanted.Contains(hit.Id.Number)) / (double)wanted.Count;
                    sum = sum with
                    {
                        Within = sum.Within + (wanted.Count / (double)queries.Length),
                        Recall = sum.Recall + (found / queries.Length),
                        WorstRecall = Math.Min(sum.WorstRecall, found),
                        Distances = sum.Distances + (answer.Report.DistanceComputations / (double)queries.Length),
                    };
                    times.Add(time);
                }
                Console.Error.WriteLine(sum);
                yield return sum with { Microseconds = Median(times) };
            }
        }
    }

    private SearchQuery Query(float[] vector, double? target, FilterSpec filter, float? threshold) =>
        new() { Vector = vector, K = limit, Filter = filter, RecallTarget = target, ScoreThreshold = threshold };

    private static (SearchAnswer Answer, double Microseconds) Search(Collection collection, SearchQuery query)
    {
        long started = Stopwatch.GetTimestamp();
        SearchAnswer answer = collection.Search(query, new Faults(), CancellationToken.None).Value;
        return (answer, Stopwatch.GetElapsedTime(started).TotalMicroseconds);
    }

    // With queries that are not measured, until the collection has measured what a recall takes.
    private async Task CalibrateAsync(Collection collection, LabSet set, CancellationToken cancellation)
    {
        RecallState state = collection.Data.Recall;
        for (int i = queryCount; i < set.Queries.Count || (state.Model?.IsStale(set.Count, state.Queries.Count) ?? true); i++)
        {
            Search(collection, Query(set.Queries.ToSingles(i % set.Queries.Count), recall, FilterSpec.None, null) with { K = 10 });
            if (i >= set.Queries.Count)
                await Task.Delay(20, cancellation);
        }
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private static double ScoreOf(LabSet set, Neighbour near) => set.Metric == Metric.L2 ? Math.Sqrt(near.Score) : near.Score;

    private static bool IsBeyond(LabSet set, Neighbour near, float threshold) =>
        set.Metric == Metric.L2 ? ScoreOf(set, near) > threshold : near.Score < threshold;
}
