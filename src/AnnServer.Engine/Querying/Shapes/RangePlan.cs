using AnnServer.Core.Search;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying.Recall;

namespace AnnServer.Engine.Querying.Shapes;

/// <summary>Plans searches; with a score threshold, for what lies within it, which <see cref="SearchQuery.K"/> then only limits.</summary>
internal static class RangePlan
{
    // What is planned for, until a walk knows how many are within: few are the usual case, and more cost what they have to.
    private const int FirstK = 10;

    // Of what may be missed, so much is not: recall was measured for as many results as are looked for, and fewer may be within.
    private const double Margin = 0.2;

    // Codes do not tell exactly what is within: of more results than this they save nothing over a scan of the vectors, which only has to
    // keep those within.
    private const int MostByCodes = 200;

    // A squared root that rounds to the threshold has been of a number up to so much greater than its square.
    private const float SquareRounding = 1 + (4 * 1.2e-7f);

    public static SearchPlan Choose(
        SearchQuery query, CollectionConfig config, int live, int hidden, int matching, RecallModel? model, int sharing, PartitionUse parts)
    {
        if (query.ScoreThreshold is not { } threshold)
        {
            return SearchPlanner.Choose(query, config, live, hidden, matching, model, sharing, parts);
        }

        SearchQuery looked = query with { K = Math.Min(query.K, FirstK), RecallTarget = query.RecallTarget + (Margin * (1 - query.RecallTarget)) };
        SearchPlan first = SearchPlanner.Choose(looked, config, live, hidden, matching, model, sharing);
        int limit = Math.Max(1, Math.Min(query.K, matching));
        float radius = ToRadius(config.Metric, threshold);
        bool byCodes = config.VectorPlacement == VectorPlacement.Disk || limit <= MostByCodes;
        return first with
        {
            Effort = Widen(first.Effort),
            Then = first.Then is { } then ? then with { Effort = Widen(then.Effort) } : null,
            CodesWidth = byCodes ? first.CodesWidth : 0,
            Distances = first.Strategy == SearchStrategy.Exact ? first.Distances : MostDistances(first),
        };

        // A filtered walk is given up when it has computed as much as comparing with all would, whatever it was expected to.
        SearchEffort Widen(SearchEffort effort) => effort with
        {
            RangeLimit = limit,
            Radius = radius,
            Beside = query is { RecallTarget: { } target, Ef: null } ? Math.Min(SearchPlanner.WidthFor(target, FirstK), effort.Ef) : effort.Ef,
            Budget = Math.Max(effort.Budget, matching),
            // Nothing may be within, which is soon found where all are far away.
            Share = effort.Within ? 0 : effort.Share,
        };

        // As many may be within as the limit allows.
        long MostDistances(in SearchPlan plan)
        {
            double selectivity = live == 0 ? 1 : (double)matching / live;
            double more = limit * config.Hnsw.M * SearchPlanner.DistancesPerCandidateAndLink / Math.Max(selectivity, 1e-9);
            return (long)Math.Min(plan.Distances + more, live + (double)hidden);
        }
    }

    /// <summary>Whether a score is beyond the threshold.</summary>
    public static bool IsBeyond(Metric metric, float score, float threshold) => metric == Metric.L2 ? score > threshold : score < threshold;

    // Of distances as the graph has them. What is exactly at the threshold is within; to be on the safe side costs nothing, as scores are
    // looked at in the end.
    public static float ToRadius(Metric metric, float threshold)
    {
        if (metric != Metric.L2)
        {
            return MathF.BitIncrement(-threshold);
        }

        return threshold < 0 ? 0 : MathF.BitIncrement(MathF.BitIncrement(threshold * threshold * SquareRounding));
    }
}
