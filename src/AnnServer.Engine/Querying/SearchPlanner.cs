using AnnServer.Core.Search;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying.Recall;

namespace AnnServer.Engine.Querying;

/// <summary>
/// Chooses between comparing with every matching point and walking the graph, by what each would cost. The number of matching points is
/// known exactly before.
/// </summary>
internal static class SearchPlanner
{
    // A walk with ef candidates computes 12 to 15 distances a candidate at M = 16 (1,092 at ef 64 and 3,162 at ef 256 over
    // 200,000 SIFT vectors), in proportion to the links of a node.
    internal const double DistancesPerCandidateAndLink = 0.8;

    // A scan knows its rows in advance and has no bookkeeping: one of its distances costs about 0.6 of one in a walk.
    private const double ScanCost = 0.6;

    // A scan of codes misses as good as nothing, if it keeps so many to be ordered by their vectors. Of few points all are compared by them.
    private const double RecallOfCodes = 0.9999;
    private const int LeastCodesWidth = 64;
    private const int LeastForCodes = 2048;

    // Of what may be missed, so much is not, under filters: they were measured at random, and those that are not find a little less. Where a
    // walk through all nodes was given up, the filter is one of these.
    private const double MarginOfFilters = 0.35;
    private const double MarginOfRetries = 0.6;

    // Times the distances that a walk through all nodes computes in the mean. Under filters that are independent of the query one in a
    // hundred takes more.
    private const double Patience = 3;

    /// <summary>
    /// Candidates of a walk that nobody chose a number for: a recall@10 of 0.98 and more on real text and image vectors at the
    /// default graph parameters, growing with k.
    /// </summary>
    public static int DefaultEf(int k) => Math.Max(128, 2 * k);

    /// <param name="live">Points there are.</param>
    /// <param name="hidden">Nodes beside them that a walk can meet.</param>
    /// <param name="matching">Points that can be results.</param>
    /// <param name="model">What walks have been measured to find and cost; null before the first measurement.</param>
    public static SearchPlan Choose(SearchQuery query, CollectionConfig config, int live, int hidden, int matching, RecallModel? model)
    {
        // Never room for more results than there are: a pool that cannot fill would make the walk visit everything.
        int k = Math.Max(1, Math.Min(query.K, matching));
        if (query.Exact || query.RecallTarget == 1)
        {
            return new SearchPlan(SearchStrategy.Exact, new SearchEffort(k, k), matching, 1);
        }

        return query is { RecallTarget: { } target, Ef: null }
            ? model is null ? ByWidth(query, config, k, WidthFor(target, k), live + hidden, matching) : ByRecall(target, config, k, live, matching, model)
            : ByWidth(query, config, k, query.Ef ?? DefaultEf(query.K), live + hidden, matching);
    }

    private static SearchPlan ByWidth(SearchQuery query, CollectionConfig config, int k, int ef, long slots, int matching)
    {
        int width = Math.Max(k, ef);
        double selectivity = slots == 0 ? 1 : (double)matching / slots;
        // A filtered walk meets 1/selectivity nodes for each that it may keep.
        double walk = width * config.Hnsw.M * DistancesPerCandidateAndLink / Math.Max(selectivity, 1e-9);
        double scan = matching * ScanCost;
        // A walk that has computed as much as the scan would have is abandoned: a search never costs more than twice the scan.
        int codesWidth = config.VectorPlacement == VectorPlacement.Disk ? width : 0;
        return scan <= walk
            ? new SearchPlan(SearchStrategy.Exact, new SearchEffort(k, width), matching, RecallOfScan(codesWidth), codesWidth)
            : new SearchPlan(SearchStrategy.Graph, new SearchEffort(k, width, matching), (long)walk, 0, codesWidth);
    }

    // The cheapest that reaches the recall.
    private static SearchPlan ByRecall(double target, CollectionConfig config, int k, int live, int matching, RecallModel model)
    {
        double scan = matching * model.ScanMicroseconds;
        double share = live == 0 ? 1 : Math.Min(1, (double)matching / live);
        bool byCodes = matching >= LeastForCodes || config.VectorPlacement == VectorPlacement.Disk;
        int codesWidth = byCodes ? Math.Max(LeastCodesWidth, 2 * k) : 0;
        double aim = share < 1 ? target + (MarginOfFilters * (1 - target)) : target;
        bool isThrough = model.TryReach(WalkKind.Through, share, k, aim, out RecallPoint through) && through.Microseconds < scan;
        RecallPoint within = default;
        bool isWithin = share < 1 && model.TryReach(WalkKind.Within, share, k, aim, out within) && within.Microseconds < scan;
        if (isThrough && !(isWithin && within.Microseconds < through.Microseconds))
        {
            long budget = share < 1 ? Budget(through) : long.MaxValue;
            // Where the points that match are far from the query, so many distances are wasted; then it is soon tried among them.
            SearchEffort? then = isWithin
                && model.TryReach(WalkKind.Within, share, k, target + (MarginOfRetries * (1 - target)), out RecallPoint retry)
                    ? Effort(retry, true, Budget(retry))
                    : null;
            return Walk(SearchStrategy.Graph, through, false, then is null ? budget : Math.Min(budget, (long)(Patience * through.Distances)), then);
        }

        return isWithin
            ? Walk(SearchStrategy.GraphWithin, within, true, Budget(within), null)
            : new SearchPlan(SearchStrategy.Exact, new SearchEffort(k, k), matching, RecallOfScan(codesWidth), codesWidth);

        SearchPlan Walk(SearchStrategy strategy, in RecallPoint point, bool isInside, long budget, SearchEffort? then) =>
            new(strategy, Effort(point, isInside, budget), (long)point.Distances, Math.Max(point.Recall, target), codesWidth, then);

        SearchEffort Effort(in RecallPoint point, bool isInside, long budget) =>
            EffortLadder.ToEffort(config.Metric, point.Effort, k, isInside, budget);

        // Given up when comparing with all would have been done.
        long Budget(in RecallPoint point) => (long)(point.Distances * scan / point.Microseconds);
    }

    /// <summary>What comparing with all finds.</summary>
    public static double RecallOfScan(int codesWidth) => codesWidth > 0 ? RecallOfCodes : 1;

    // Until recall has been measured, and where it was not: generous on the real sets at hand.
    internal static int WidthFor(double target, int k) => target switch
    {
        <= 0.95 => DefaultEf(k),
        <= 0.99 => 2 * DefaultEf(k),
        _ => 4 * DefaultEf(k),
    };
}
