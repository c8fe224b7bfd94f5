using AnnServer.Benchmarks.Filters.Columns;
using AnnServer.Benchmarks.Filters.Measuring;
using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Querying;

namespace AnnServer.Benchmarks.Filters.Workloads;

/// <summary>Measures a workload of templates: in batches, and query by query with two baselines, in turn.</summary>
internal sealed class WorkloadRun(LabPlan plan, LabSet set, AttributeColumns columns, Collection collection)
{
    // The last is the most that a batch may have by default.
    private static readonly int[] BatchSizes = [10, 100, 1000];

    private readonly Judge _judge = new(set);

    public WorkloadResult Run(TemplateWorkload workload)
    {
        Dictionary<Predicate, bool[]> matching = workload.Templates.ToDictionary(
            template => template, columns.Matching, (IEqualityComparer<Predicate>)ReferenceEqualityComparer.Instance);
        QuestionCell cell = new("workload", "", workload.Questions);
        bool[][] matches = [.. workload.Questions.Select(question => matching[question.Predicate])];

        Trial planner = new(new EngineSearcher(collection, plan.Effort, plan.K), cell, matches);
        planner.Rehearse(_judge, double.PositiveInfinity);
        Trial exact = new(new EngineSearcher(collection, SearchEffortChoice.Parse("exact"), plan.K), cell, matches);
        exact.Rehearse(_judge, plan.WorkloadSeconds);
        Trial postFilter = new(new TemplateSearcher(Tune(workload, matching)), cell, matches);
        postFilter.Rehearse(_judge, plan.WorkloadSeconds);
        BatchSearcher[] batches =
            [.. BatchSizes.Select(size => new BatchSearcher(collection, plan.Effort, plan.K, workload.Questions, size))];
        foreach (BatchSearcher batch in batches)
            batch.WarmUp(plan.WarmUpSeconds);
        for (int round = 0; round < plan.Rounds; round++)
        {
            planner.Measure();
            foreach (BatchSearcher batch in batches)
                batch.Measure();
            exact.Measure();
            postFilter.Measure();
        }

        int all = workload.Questions.Count;
        return new WorkloadResult(
            workload.Templates.Count,
            (double)workload.TemplateOf.Count(template => template == 0) / all,
            [
                new WorkloadRow("planner, one at a time", all, planner.Recall(all), planner.Cpu(all), 1),
                .. batches.Select((batch, i) => new WorkloadRow(
                    $"batches of {BatchSizes[i]}", all, Recall(workload, matches, batch), batch.Cpu,
                    planner.Cpu(all) / batch.Cpu)),
                Beside(planner, exact, "exact, one at a time"),
                Beside(planner, postFilter, "post-filtered, one at a time"),
            ]);
    }

    private static WorkloadRow Beside(Trial planner, Trial baseline, string name)
    {
        int count = baseline.Verdicts.Count;
        double cpu = baseline.Cpu(count);
        return new WorkloadRow(name, count, baseline.Recall(count), cpu, planner.Cpu(count) / cpu);
    }

    /// <summary>The post-filtered search that is best for each template, known only in hindsight.</summary>
    private Dictionary<Predicate, ISearcher> Tune(TemplateWorkload workload, Dictionary<Predicate, bool[]> matching)
    {
        PostFilterTuning tuning = new(plan, set, collection);
        Dictionary<Predicate, ISearcher> searchers = new(ReferenceEqualityComparer.Instance);
        foreach (IGrouping<Predicate, FilteredQuestion> group in workload.Questions.GroupBy(
            question => question.Predicate, (IEqualityComparer<Predicate>)ReferenceEqualityComparer.Instance))
        {
            QuestionCell cell = new("template", "", [.. group]);
            bool[][] matches = [.. cell.Questions.Select(_ => matching[group.Key])];
            Trial planner = new(new EngineSearcher(collection, plan.Effort, plan.K), cell, matches);
            planner.Rehearse(_judge, double.PositiveInfinity);
            searchers.Add(group.Key, tuning.Tune(cell, matches, planner).Searcher);
        }
        return searchers;
    }

    private double Recall(TemplateWorkload workload, bool[][] matches, BatchSearcher batch)
    {
        LabAnswer answer = new();
        long right = 0, wanted = 0;
        foreach ((int i, IEnumerable<int> rows) in batch.Rows.Index())
        {
            answer.Rows.Clear();
            answer.Rows.AddRange(rows);
            Verdict verdict = _judge.Of(workload.Questions[i], matches[i], answer);
            right += verdict.Right;
            wanted += verdict.Wanted;
        }
        return wanted == 0 ? 1 : (double)right / wanted;
    }
}
