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
    private const int LeastForCodes = 64;
    private const int LeastForHalfCodes = 2048;

    // Fewer that look in a part together gain nothing.
    private const double LeastLookers = 2;

    // Times the distances of a scan, after which looking members up is given up for it.
    private const int PatienceOfMembers = 2;

    // Times what a scan would have cost, after which a walk of given width is given up for it.
    private const double PatienceOfWidth = 1.6;

    // Of what may be missed, so much is not, under filters: they were measured at random, and those that are not find a little less, most of all
    // those that hold the neighbours of the query, for whom an effort was measured that goes without a filter. Where a
    // walk through all nodes was given up, the filter is one of these, and inside it a walk takes several times what was measured. By parts it is
    // the other way round: far from the query a tenth of what was measured is missed, and less.
    private const double MarginOfFilters = 0.35;
    private const double MarginOfPartitions = 0.45;
    private const double MarginOfDense = 0.5;
    private const double MarginOfRetries = 0.85;
    private const double MoreOfRetries = 5;

    // Those few lose more, of what may be missed, where less may be: with the margins of 0.95 four of 112 kinds of filters found 0.984 to
    // 0.989 of 0.99. From the first to the second the margins come nearer to all by this share.
    private const double MissedAtMargins = 0.05;
    private const double MissedAtMore = 0.01;
    private const double MoreMargin = 0.4;

    // Times the distances that a walk computes in the mean; under filters that are independent of the query one in a hundred takes more, and
    // fewer. Before a scan it may take this share of what that takes, which those few would wait for.
    private const double PatienceOfWalks = 3;
    private const double PatienceBeforeScans = 0.25;

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
                : ByRecall(target, config, k, live, matching, model, sharing, parts)
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

    // The cheapest that reaches the recall.
    private static SearchPlan ByRecall(
        double target, CollectionConfig config, int k, int live, int matching, RecallModel model, int sharing, PartitionUse parts)
    {
        double scan = matching * Shared(model.Costs.Compare, model.Costs.Share, sharing, byCodes: true);
        int codesWidth = CodesWidth(config, k, matching);
        if (scan <= model.LeastMicroseconds)
        {
            // To weigh the others takes as long as to compare with a hundred points.
            return CompareWithAll();
        }

        double share = live == 0 ? 1 : Math.Min(1, (double)matching / live);
        double goal = model.Aim(target, live);
        double aim = share < 1 ? Toward(MarginOfFilters) : goal;
        bool isThrough = model.TryReach(WalkKind.Through, share, k, aim, out RecallPoint through) && through.Microseconds < scan;
        RecallPoint within = default;
        bool isWithin = share < 1 && model.TryReach(WalkKind.Within, share, k, aim, out within) && within.Microseconds < scan;
        RecallPoint all = default;
        bool isThroughAll = isThrough && share < 1 && model.TryReach(WalkKind.Through, 1, k, Toward(MarginOfDense), out all);
        if (TryPartitions(Toward(MarginOfPartitions), out RecallPoint near, out RecallPoint dense, out SearchEffort nearEffort)
            && near.Microseconds < scan
            && !(isThrough && through.Microseconds < near.Microseconds)
            && !(isWithin && within.Microseconds < near.Microseconds))
        {
            // Where all around the query match, a walk finds the way sooner: it meets little else.
            bool leavesDense = isThroughAll && all.Microseconds < dense.Microseconds;
            return new SearchPlan(
                SearchStrategy.Partitions, nearEffort with { LeavesDense = leavesDense }, (long)near.Distances, Expect(near), codesWidth)
            {
                Then = leavesDense ? new SecondPlan(SearchStrategy.Graph, EffortThrough(Budget(through)), Expect(through)) : null,
                LooksIn = near.Tests / live,
            };
        }

        if (isThrough && !(isWithin && within.Microseconds < through.Microseconds))
        {
            if (share == 1)
            {
                return Walk(SearchStrategy.Graph, through, EffortThrough(long.MaxValue), null);
            }

            SecondPlan? then = Elsewhere(isWithin: false);
            return Walk(SearchStrategy.Graph, through, EffortThrough(Patience(through, then)), then);
        }

        if (isWithin)
        {
            SecondPlan? then = Elsewhere(isWithin: true);
            return Walk(SearchStrategy.GraphWithin, within, Effort(within, true, Patience(within, then)) with { Share = (float)share }, then);
        }

        return CompareWithAll();

        // For points that are far from the query, after a walk; null to compare with all. By parts it looks in about half of them.
        SecondPlan? Elsewhere(bool isWithin)
        {
            if (TryPartitions(goal, out RecallPoint beside, out _, out SearchEffort apart))
            {
                return parts == PartitionUse.Arranged || live * model.Costs.Test < scan
                    ? new SecondPlan(SearchStrategy.Partitions, apart, Expect(beside))
                    : null;
            }

            // A walk within finds some of them only, where there are many.
            return !isWithin
                && model.TryReach(WalkKind.Within, share, k, Toward(MarginOfRetries), out RecallPoint retry)
                && MoreOfRetries * retry.Microseconds < scan
                    ? new SecondPlan(SearchStrategy.GraphWithin, Effort(retry, true, Budget(retry)), Expect(retry))
                    : null;
        }

        // Distances after which a walk is given up: soon, as where the points are far from the query they are wasted.
        long Patience(in RecallPoint point, SecondPlan? then)
        {
            long budget = Budget(point);
            long usual = (long)(PatienceOfWalks * point.Distances);
            return Math.Min(budget, then is null ? Math.Max(usual, (long)(PatienceBeforeScans * budget)) : usual);
        }

        SearchPlan CompareWithAll() => new(SearchStrategy.Exact, new SearchEffort(k, k), matching, RecallOfScan(codesWidth), codesWidth);

        double Toward(double margin)
        {
            double more = Math.Clamp(Math.Log(MissedAtMargins / (1 - goal)) / Math.Log(MissedAtMargins / MissedAtMore), 0, 1);
            return 1 - ((1 - goal) * (1 - margin) * (1 - (MoreMargin * more)));
        }

        // Also where all points around a query match.
        bool TryPartitions(double wanted, out RecallPoint point, out RecallPoint whereAll, out SearchEffort effort)
        {
            effort = default;
            point = default;
            whereAll = default;
            if (parts == PartitionUse.None
                || share >= 1
                || !model.TryReach(WalkKind.Partitions, share, k, wanted, out point)
                || !model.TryReach(WalkKind.Partitions, 1, k, wanted, out whereAll))
            {
                return false;
            }

            effort = EffortLadder.ToPartitions(point.Effort, k, CodesWidth(k), share, whereAll.Effort);
            if (parts == PartitionUse.Members)
            {
                point = point with { Microseconds = point.Microseconds + (point.Tests * model.Costs.Test) };
                effort = effort with { Budget = PatienceOfMembers * (long)matching };
            }
            else
            {
                point = point with { Microseconds = point.Microseconds * Together(model, point.Tests / live, sharing) };
            }

            return true;
        }

        SearchPlan Walk(SearchStrategy strategy, in RecallPoint point, in SearchEffort effort, SecondPlan? then) =>
            new(strategy, effort, (long)point.Distances, Expect(point), codesWidth, then);

        double Expect(in RecallPoint point) => model.Expect(Math.Max(point.Recall, goal), live);

        SearchEffort EffortThrough(long budget) => Effort(through, false, budget) with
        {
            Share = (float)share,
            DenseSlack = isThroughAll ? (float)all.Effort : 0,
        };

        SearchEffort Effort(in RecallPoint point, bool isInside, long budget) =>
            EffortLadder.ToEffort(config.Metric, point.Effort, k, isInside, budget);

        // Comparing with all would have been done by then.
        long Budget(in RecallPoint point) => (long)(point.Distances * scan / point.Microseconds);
    }

    // Candidates of a scan by codes that are ordered by their vectors; 0 to compare by the vectors.
    private static int CodesWidth(CollectionConfig config, int k, int matching)
    {
        bool onDisk = config.VectorPlacement == VectorPlacement.Disk;
        return config.Quantization switch
        {
            Quantization.Int8 when onDisk || matching >= LeastForCodes => CodesWidth(k),
            Quantization.Int4 when onDisk || matching >= LeastForHalfCodes => Math.Max(LeastByHalfCodes, 2 * k),
            _ => 0,
        };
    }

    /// <summary>Candidates of a search by 8-bit codes, for k results.</summary>
    public static int CodesWidth(int k) => k + (k / 4) + MoreByCodes;

    /// <summary>Whether so many searches with one plan take less when they compare together than one by one.</summary>
    public static bool PaysToShare(SearchPlan plan, RecallModel? model, int sharing)
    {
        (double alone, double each) = model is { } known && plan.CodesWidth > 0 ? (known.Costs.Compare, known.Costs.Share)
            : plan.CodesWidth > 0 ? (CodesCost, SharedCodesCost)
            : (VectorsCost, SharedVectorsCost);
        return Shared(alone, each, sharing, plan.CodesWidth > 0) < alone;
    }

    /// <summary>Whether so many searches with one plan take less when they look in parts together than one by one.</summary>
    public static bool PaysToShareParts(SearchPlan plan, RecallModel? model, int sharing) =>
        model is not null && Together(model, plan.LooksIn, sharing) < 1;

    // What a search by parts takes with others, of what it takes alone.
    private static double Together(RecallModel model, double looksIn, int sharing)
    {
        double lookers = looksIn * Math.Min(sharing, VectorIndex.MaxSharedByParts);
        return lookers < LeastLookers ? 1 : model.Costs.TogetherWith(lookers);
    }

    // The cost of a point for a query: its row is fetched once for all that share it, and with codes they come in blocks.
    private static double Shared(double alone, double each, int sharing, bool byCodes)
    {
        int together = Math.Min(sharing, VectorIndex.MaxShared);
        int block = byCodes ? VectorIndex.SharedLanes : 1;
        int lanes = (together + block - 1) / block * block;
        return sharing < 2 ? alone : Math.Min(alone, (alone + (lanes * each)) / together);
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
