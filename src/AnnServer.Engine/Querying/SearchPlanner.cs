using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>
/// Chooses between comparing with every matching point and walking the graph, by the number of distances each would compute.
/// The number of matching points is known exactly before.
/// </summary>
internal static class SearchPlanner
{
    // A walk with ef candidates computes 12 to 15 distances a candidate at M = 16 (1,092 at ef 64 and 3,162 at ef 256 over
    // 200,000 SIFT vectors), in proportion to the links of a node.
    private const double DistancesPerCandidateAndLink = 0.8;

    // A scan knows its rows in advance and has no bookkeeping: one of its distances costs about 0.6 of one in a walk.
    private const double ScanCost = 0.6;

    /// <summary>
    /// Candidates of a walk that nobody chose a number for: a recall@10 of 0.98 and more on real text and image vectors at the
    /// default graph parameters, growing with k.
    /// </summary>
    public static int DefaultEf(int k) => Math.Max(128, 2 * k);

    /// <param name="slots">Nodes that a walk can meet: live and hidden ones.</param>
    /// <param name="matching">Points that can be results.</param>
    /// <param name="m">Links of a node.</param>
    public static SearchPlan Choose(SearchQuery query, long slots, int matching, int m)
    {
        // Never room for more results than there are: a pool that cannot fill would make the walk visit everything.
        int k = Math.Max(1, Math.Min(query.K, matching));
        int width = Math.Max(k, query.Ef ?? DefaultEf(query.K));
        double selectivity = slots == 0 ? 1 : (double)matching / slots;
        // A filtered walk meets 1/selectivity nodes for each that it may keep.
        double walk = width * m * DistancesPerCandidateAndLink / Math.Max(selectivity, 1e-9);
        double scan = matching * ScanCost;
        // A walk that has computed as much as the scan would have is abandoned: a search never costs more than twice the scan.
        return query.Exact || scan <= walk
            ? new SearchPlan(SearchStrategy.Exact, k, width, matching, long.MaxValue)
            : new SearchPlan(SearchStrategy.Graph, k, width, (long)walk, matching);
    }
}
