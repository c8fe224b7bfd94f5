using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.Engine.Collections;

namespace AnnServer.Benchmarks.Filters.Measuring;

/// <summary>Finds with how many candidates a post-filtered search had best begin in a cell.</summary>
internal sealed class PostFilterTuning(LabPlan plan, LabSet set, Collection collection)
{
    // That of pgvector's walk.
    private const int FirstStart = 40;

    private readonly Judge _judge = new(set);

    /// <summary>
    /// The post-filtered search whose start is the cheapest of those that reach the planner's recall, or the one with the most recall
    /// where none does: known only in hindsight, which favours it.
    /// </summary>
    public Trial Tune(QuestionCell cell, bool[][] matches, Trial planner)
    {
        Trial? best = null;
        double bestCpu = 0, bestRecall = 0;
        bool isReached = false;
        int questions = int.MaxValue, start = Math.Max(plan.K, FirstStart);
        while (true)
        {
            Trial trial = Begin(cell, matches, start);
            double cpu = trial.Rehearse(_judge, best is null ? plan.BaselineSeconds : double.PositiveInfinity, questions);
            questions = trial.Verdicts.Count;
            double recall = trial.Recall(questions);
            bool reaches = recall >= planner.Recall(questions);
            bool isBetter = reaches
                ? !isReached || cpu < bestCpu
                : !isReached && (recall > bestRecall || (recall == bestRecall && cpu < bestCpu));
            if (best is null || isBetter)
                (best, bestCpu, bestRecall) = (trial, cpu, recall);
            isReached |= reaches;
            // Wider ones cost more from here on.
            if (start == LabDatabase.MaxCandidates || (isReached && cpu > 2 * bestCpu))
                return best;
            // Where every question has gone further, one that begins there finds the same for less.
            int reached = trial.Verdicts.Min(verdict => verdict.Candidates);
            start = reached > start ? reached : Math.Min(2 * start, LabDatabase.MaxCandidates);
        }
    }

    public Trial Begin(QuestionCell cell, bool[][] matches, int start) =>
        new(new IterativePostFilter(collection, plan.K, start, LabDatabase.MaxCandidates), cell, matches);
}
