using System.Diagnostics;
using System.Numerics.Tensors;
using AnnServer.Benchmarks.Filters.Columns;
using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.Engine.Collections;

namespace AnnServer.Benchmarks.Filters.Measuring;

/// <summary>
/// Measures cells: the planner and two baselines take turns, round by round, so that what disturbs the machine disturbs all.
/// </summary>
internal sealed class CellRun(LabPlan plan, LabSet set, AttributeColumns columns, Collection collection)
{
    private const int WarmUpCells = 8;

    private readonly Judge _judge = new(set);
    private readonly PostFilterTuning _tuning = new(plan, set, collection);

    /// <summary>Lets the runtime compile what is going to be measured: on a few cells, and in turn, for as long as is planned.</summary>
    public void WarmUp(IReadOnlyList<QuestionCell> cells)
    {
        QuestionCell[] few = [.. cells.Where((_, i) => i % Math.Max(1, cells.Count / WarmUpCells) == 0)];
        long start = Stopwatch.GetTimestamp();
        do
        {
            foreach (QuestionCell cell in few)
            {
                bool[][] matches = Matches(cell);
                foreach (Trial trial in (Trial[])[Planner(cell, matches), Exact(cell, matches), _tuning.Begin(cell, matches, plan.K)])
                    trial.Rehearse(_judge, plan.WarmUpSeconds / few.Length / 6);
            }
        }
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < plan.WarmUpSeconds);
    }

    public CellResult Run(QuestionCell cell)
    {
        bool[][] matches = Matches(cell);
        Trial planner = Planner(cell, matches), exact = Exact(cell, matches);
        planner.Rehearse(_judge, double.PositiveInfinity);
        exact.Rehearse(_judge, plan.BaselineSeconds);
        Trial postFilter = _tuning.Tune(cell, matches, planner);
        Trial[] trials = [planner, exact, postFilter];
        for (int round = 0; round < plan.Rounds; round++)
        {
            foreach (Trial trial in trials)
            {
                Scrub();
                trial.Measure();
            }
            // Nobody always comes after the same other.
            Array.Reverse(trials);
        }
        return Result(cell, planner, exact, postFilter);
    }

    // What one contender leaves in the caches would serve the next: so all begin with what a pass over all vectors leaves.
    private void Scrub() => _ = TensorPrimitives.Sum<float>(set.Rows);

    private Trial Planner(QuestionCell cell, bool[][] matches) => new(new EngineSearcher(collection, plan.Effort, plan.K), cell, matches);

    private Trial Exact(QuestionCell cell, bool[][] matches) =>
        new(new EngineSearcher(collection, SearchEffortChoice.Parse("exact"), plan.K), cell, matches);

    private bool[][] Matches(QuestionCell cell)
    {
        bool[][] matches = new bool[cell.Questions.Count][];
        Parallel.For(0, matches.Length, i => matches[i] = columns.Matching(cell.Questions[i].Predicate));
        return matches;
    }

    private CellResult Result(QuestionCell cell, Trial planner, Trial exact, Trial postFilter)
    {
        int count = cell.Questions.Count;
        double[] latencies = [.. planner.Latencies.Order()];
        double matching = cell.Questions.Average(question => (double)question.Truth.Matching);
        IReadOnlyList<Verdict> verdicts = planner.Verdicts;
        return new CellResult(set.Name, cell.Group, cell.Band)
        {
            Questions = count,
            Matching = matching,
            Selectivity = matching / columns.Rows,
            Lift = cell.Questions.Average(question => question.Truth.Lift),
            Recall = planner.Recall(count),
            Short = verdicts.Count(verdict => verdict.IsShort),
            Wrong = verdicts.Sum(verdict => verdict.Wrong),
            Distances = verdicts.Average(verdict => (double)verdict.Distances),
            Cpu = planner.Cpu(count),
            FilterTime = planner.FilterTime(count),
            Qps = 1e6 / planner.Latency(count),
            P99 = latencies[(int)Math.Ceiling(0.99 * latencies.Length) - 1],
            Strategies = verdicts.CountBy(verdict => verdict.Strategy).OrderByDescending(entry => entry.Value).ToDictionary(),
            Exact = Beside(planner, exact, ""),
            PostFilter = Beside(planner, postFilter, $"{((IterativePostFilter)postFilter.Searcher).Start}"),
        };
    }

    private static BaselineResult Beside(Trial planner, Trial baseline, string effort)
    {
        int count = baseline.Verdicts.Count;
        double recall = baseline.Recall(count), cpu = baseline.Cpu(count);
        return new BaselineResult(count, effort, recall, recall >= planner.Recall(count), cpu, cpu / planner.Cpu(count));
    }
}
