using AnnServer.Core.Graph;
using AnnServer.Core.Search;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying.Recall;

namespace AnnServer.Engine.Querying;

/// <summary>
/// Chooses between comparing with every matching point, looking in the parts near the query, and walking the graph, by what each would cost.
/// The number of matching points is known exactly before.
/// </summary>
internal static class SearchPlanner
{
    // A walk with ef candidates computes 12 to 15 distances a candidate at M = 16 (1,092 at ef 64 and 3,162 at ef 256 over
    // 200,000 SIFT vectors), in proportion to the links of a node.
    internal const double DistancesPerCandidateAndLink = 0.8;

    // A scan knows its rows in advance and has no bookkeeping: one of its distances costs about 0.6 of one in a walk, by codes 0.2 (7 ns at
    // 128 elements, beside 35 to 50).
    private const double VectorsCost = 0.6;
    private const double CodesCost = 0.2;

    // What a query adds to a scan that it shares with others, beside a distance in a walk: with codes the kernel of many queries has it
    // next to nothing left to do; with vectors it is the arithmetic that remains, less the wait for them.
    private const double SharedCodesCost = 0.03;
    private const double SharedVectorsCost = 0.2;

    // A scan of codes misses as good as nothing, if it keeps enough to be ordered by their vectors: of 8 bits 12 and a quarter more than are
    // wanted (of 10 and of 100 nearest in 1,000 to 40,000 none was missed with fewer, on real images and texts), of 4 bits several times as many.
    private const double RecallOfCodes = 0.9999;
    private const int MoreByCodes = 12;
    private const int LeastByHalfCodes = 64;

    // Fewer points are compared by their vectors at once.
    private const int LeastForHalfCodes = 2048;

    // So are those that are fewer than three for each candidate: to order so many takes what codes save (1,000 of 2,000 SIFT vectors
    // 208 µs by codes and 160 without; 1,000 of 4,000 texts 364 and 384).
    private const int LeastForACandidate = 3;

    // Fewer that look in a part together gain nothing.
    private const double LeastLookers = 2;

    // Times what a scan would have cost, after which a walk of given width is given up for it.
    private const double PatienceOfWidth = 1.6;

    /// <summary>
    /// Candidates of a walk that nobody chose a number for: a recall@10 of 0.98 and more on real text and image vectors at the
    /// default graph parameters, growing with k.
    /// </summary>
    public static int DefaultEf(int k) => Math.Max(128, 2 * k);

    /// <param name="live">Points there are.</param>
    /// <param name="hidden">Nodes beside them that a walk can meet.</param>
    /// <param name="matching">Points that can be results.</param>
    /// <param name="model">What walks have been measured to find and cost; null before the first measurement.</param>
    /// <param name="sharing">Queries that would compare with all matching points, or look in their parts, together, this one included.</param>
    /// <param name="parts">Whether and how the points are divided.</param>
    public static SearchPlan Choose(
        SearchQuery query,
        CollectionConfig config,
        int live,
        int hidden,
        int matching,
        RecallModel? model,
        int sharing = 1,
        PartitionUse parts = PartitionUse.None)
    {
        // Never room for more results than there are: a pool that cannot fill would make the walk visit everything.
        int k = Math.Max(1, Math.Min(query.K, matching));
        if (query.Exact || query.RecallTarget == 1)
        {
            return new SearchPlan(SearchStrategy.Exact, new SearchEffort(k, k), matching, 1);
        }

        return query is { RecallTarget: { } target, Ef: null }
            ? model is null
                ? ByWidth(config, k, WidthFor(target, k), live + hidden, matching, sharing)
                : new RecallPlanner(target, config, k, live, matching, model, sharing, parts).Choose()
            : ByWidth(config, k, query.Ef ?? DefaultEf(query.K), live + hidden, matching, sharing);
    }

    private static SearchPlan ByWidth(CollectionConfig config, int k, int ef, long slots, int matching, int sharing)
    {
        int width = Math.Max(k, ef);
        double selectivity = slots == 0 ? 1 : (double)matching / slots;
        // A filtered walk meets 1/selectivity nodes for each that it may keep.
        double walk = width * config.Hnsw.M * DistancesPerCandidateAndLink / Math.Max(selectivity, 1e-9);
        int codesWidth = config.VectorPlacement == VectorPlacement.Disk ? width
            : config.Quantization == Quantization.Int8 ? CodesWidth(config, k, matching)
            : 0;
        double scan = matching * (codesWidth > 0
            ? Shared(CodesCost, SharedCodesCost, sharing, byCodes: true)
            : Shared(VectorsCost, SharedVectorsCost, sharing, byCodes: false));
        return scan <= walk
            ? new SearchPlan(SearchStrategy.Exact, new SearchEffort(k, width), matching, RecallOfScan(codesWidth), codesWidth)
            : new SearchPlan(SearchStrategy.Graph, new SearchEffort(k, width, (long)(PatienceOfWidth * scan)), (long)walk, 0, codesWidth);
    }

    /// <summary>Candidates of a scan by codes that are ordered by their vectors; 0 to compare by the vectors.</summary>
    public static int CodesWidth(CollectionConfig config, int k, int matching)
    {
        bool pays = !WantsMost(config, k, matching) && (config.Quantization != Quantization.Int4 || matching >= LeastForHalfCodes);
        return config.VectorPlacement == VectorPlacement.Disk || pays ? Candidates(config, k) : 0;
    }

    /// <summary>Whether so few of the points that match are not wanted that there is little to leave out.</summary>
    public static bool WantsMost(CollectionConfig config, int k, int matching) =>
        matching < LeastForACandidate * (long)Candidates(config, k);

    /// <summary>Candidates of a search by 8-bit codes, for k results.</summary>
    public static int CodesWidth(int k) => k + (k / 4) + MoreByCodes;

    /// <summary>Whether so many searches with one plan take less when they compare together than one by one.</summary>
    /// <param name="share">Of the points, that match.</param>
    public static bool PaysToShare(SearchPlan plan, RecallModel? model, double share, int sharing)
    {
        (double alone, double each) = model is { } known && plan.CodesWidth > 0 ? (known.Costs.CompareAt(share), known.Costs.Share)
            : plan.CodesWidth > 0 ? (CodesCost, SharedCodesCost)
            : (VectorsCost, SharedVectorsCost);
        return Shared(alone, each, sharing, plan.CodesWidth > 0) < alone;
    }

    /// <summary>Whether so many searches with one plan take less when they look in parts together than one by one.</summary>
    public static bool PaysToShareParts(SearchPlan plan, RecallModel? model, int sharing) =>
        model is not null && Together(model, plan.LooksIn, sharing) < 1;

    /// <summary>What a search by parts takes with others, of what it takes alone.</summary>
    public static double Together(RecallModel model, double looksIn, int sharing)
    {
        double lookers = looksIn * Math.Min(sharing, VectorIndex.MaxSharedByParts);
        return lookers < LeastLookers ? 1 : model.Costs.TogetherWith(lookers);
    }

    /// <summary>The cost of a point for a query: its row is fetched once for all that share it, and with codes they come in blocks.</summary>
    public static double Shared(double alone, double each, int sharing, bool byCodes)
    {
        int together = Math.Min(sharing, VectorIndex.MaxShared);
        int block = byCodes ? VectorIndex.SharedLanes : 1;
        int lanes = (together + block - 1) / block * block;
        return sharing < 2 ? alone : Math.Min(alone, (alone + (lanes * each)) / together);
    }

    /// <summary>What comparing with all finds.</summary>
    public static double RecallOfScan(int codesWidth) => codesWidth > 0 ? RecallOfCodes : 1;

    private static int Candidates(CollectionConfig config, int k) => config.Quantization switch
    {
        Quantization.Int8 => CodesWidth(k),
        Quantization.Int4 => Math.Max(LeastByHalfCodes, 2 * k),
        _ => 0,
    };

    // Until recall has been measured, and where it was not: generous on the real sets at hand.
    internal static int WidthFor(double target, int k) => target switch
    {
        <= 0.95 => DefaultEf(k),
        <= 0.99 => 2 * DefaultEf(k),
        _ => 4 * DefaultEf(k),
    };
}
