using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.Engine.Querying.Recall;

namespace AnnServer.Engine.Tests.Querying;

/// <summary>Which plan is chosen, by a model whose costs are known.</summary>
public sealed class SearchPlannerTests
{
    private const int Live = 100_000;
    private const int K = 10;

    private static readonly CollectionConfig Config = new() { Name = "c", Dimension = 32, Metric = Metric.L2, Quantization = Quantization.Int8 };

    [Theory]
    [InlineData(Live, SearchStrategy.Graph)]
    [InlineData(Live / 2, SearchStrategy.Graph)]
    [InlineData(Live / 10, SearchStrategy.GraphWithin)]
    [InlineData(Live / 100, SearchStrategy.Exact)]
    [InlineData(3, SearchStrategy.Exact)]
    [InlineData(0, SearchStrategy.Exact)]
    public void Choose_RecallTarget_TakesTheCheapest(int matching, SearchStrategy expected)
    {
        SearchPlan plan = Choose(new SearchQuery { Vector = default, K = K, RecallTarget = 0.9 }, matching);

        Assert.Equal(expected, plan.Strategy);
        Assert.Equal(Math.Max(1, Math.Min(K, matching)), plan.Effort.K);
        Assert.Equal(expected == SearchStrategy.GraphWithin, plan.Effort.Within);
        Assert.InRange(plan.RecallEstimate, 0.9, 1);
        Assert.InRange(plan.Distances, 0, matching);
    }

    /// <summary>By parts, unless to look so many members up takes longer than to compare with all; without parts inside the filter, where that may pay.</summary>
    [Theory]
    [InlineData(true, 0.02, 0.01, SearchStrategy.Partitions)]
    [InlineData(false, 0.0049, 0.01, SearchStrategy.Partitions)]
    [InlineData(false, 0.0051, 0.01, null)]
    [InlineData(null, 0.02, 0.1, SearchStrategy.GraphWithin)]
    [InlineData(null, 0.02, 0.01, null)]
    public void Choose_WalkThroughAllNodesUnderAFilter_IsSoonTriedInAnotherWay(bool? arranged, double test, double compare, SearchStrategy? expected)
    {
        var query = new SearchQuery { Vector = default, K = K, RecallTarget = 0.9 };
        var model = new RecallModel(
            Live, 0, new ScanCosts(compare, 0.001, test), [.. Regimes, Regime(WalkKind.Partitions, 1, 8000), Regime(WalkKind.Partitions, 0.1, 8000)]);
        SearchPlan plan = SearchPlanner.Choose(query, Config, Live, 0, Live / 2, model, parts: Use(arranged));

        Assert.Equal((SearchStrategy.Graph, expected), (plan.Strategy, plan.Then?.Strategy));
        Assert.Equal(expected == SearchStrategy.GraphWithin, plan.Then?.Effort.Within ?? false);
        // Thrice what is expected.
        Assert.InRange(plan.Effort.Budget, 3 * plan.Distances, (3 * plan.Distances) + 3);
        Assert.InRange(plan.Then?.RecallEstimate ?? 0.9, 0.9, 0.99);
        Assert.Equal(long.MaxValue, SearchPlanner.Choose(query, Config, Live, 0, Live, model, parts: Use(arranged)).Effort.Budget);
    }

    /// <summary>Inside a filter, too, with what tells that it leaves next to nothing around the query.</summary>
    [Theory]
    [InlineData(true, SearchStrategy.Partitions)]
    [InlineData(false, null)]
    [InlineData(null, null)]
    public void Choose_WalkInsideAFilter_IsGivenUpFarFromIt(bool? arranged, SearchStrategy? expected)
    {
        var query = new SearchQuery { Vector = default, K = K, RecallTarget = 0.9 };
        var model = new RecallModel(
            Live, 0, new ScanCosts(0.1, 0.1, 0.02), [.. Regimes, Regime(WalkKind.Partitions, 1, 8000), Regime(WalkKind.Partitions, 0.1, 8000)]);
        SearchPlan plan = SearchPlanner.Choose(query, Config, Live, 0, Live / 10, model, parts: Use(arranged));

        Assert.Equal((SearchStrategy.GraphWithin, expected), (plan.Strategy, plan.Then?.Strategy));
        Assert.Equal(0.1f, plan.Effort.Share);
        // Comparing with all takes as long as 10,000 distances of a walk; a fourth of that is worth a try before it.
        Assert.InRange(plan.Effort.Budget, (expected is null ? 2500 : 3 * plan.Distances) - 3, Math.Max(2500, 3 * plan.Distances) + 3);
    }

    /// <summary>Where a walk through all nodes would have been cheaper than a scan, too.</summary>
    [Fact]
    public void Choose_WalkInsideAFilterWithoutParts_IsNotMadeAgain()
    {
        var model = new RecallModel(Live, 0, new ScanCosts(0.1, 0.1, 0.1), Regimes);
        SearchPlan plan = SearchPlanner.Choose(new SearchQuery { Vector = default, K = K, RecallTarget = 0.9 }, Config, Live, 0, Live / 10, model);

        Assert.Equal((SearchStrategy.GraphWithin, null), (plan.Strategy, plan.Then?.Strategy));
    }

    /// <summary>A walk that many queries give up for a scan, as it takes nearly as long, is left for the scan.</summary>
    [Theory]
    [InlineData(false, 0.74, SearchStrategy.Graph)]
    [InlineData(false, 0.76, SearchStrategy.Exact)]
    [InlineData(true, 0.74, SearchStrategy.GraphWithin)]
    [InlineData(true, 0.76, SearchStrategy.Exact)]
    public void Choose_WalkThatTakesNearlyAsLongAsAScan_IsLeftForIt(bool within, double ofScan, SearchStrategy expected)
    {
        WalkKind walk = within ? WalkKind.Within : WalkKind.Through;
        const double Compare = 0.01;
        double microseconds = ofScan * Compare * Live / 10;
        RecallCurve curve = new([new(1, 0.999, 10 * microseconds, microseconds)]);
        var model = new RecallModel(Live, 0, new ScanCosts(Compare, 0.001, 0.001), [new(walk, 1, [(K, curve)]), new(walk, 0.1, [(K, curve)])]);
        var query = new SearchQuery { Vector = default, K = K, RecallTarget = 0.9 };

        Assert.Equal(expected, SearchPlanner.Choose(query, Config, Live, 0, Live / 10, model).Strategy);
    }

    /// <summary>
    /// Parts have to be clearly cheaper than a walk. One that is left for a scan, as it takes nearly as long, is not left for parts that take
    /// longer still.
    /// </summary>
    [Theory]
    [InlineData(0.7, 0.72, true, SearchStrategy.Graph)]
    [InlineData(0.7, 0.5, true, SearchStrategy.Graph)]
    [InlineData(0.7, 0.5, true, SearchStrategy.Partitions, 101)]
    [InlineData(0.7, 0.48, true, SearchStrategy.Partitions)]
    [InlineData(0.7, 0.48, false, SearchStrategy.Partitions)]
    [InlineData(0.8, 0.78, true, SearchStrategy.Partitions)]
    [InlineData(0.8, 0.9, true, SearchStrategy.Exact)]
    [InlineData(0.8, 0.74, false, SearchStrategy.Partitions)]
    [InlineData(0.8, 0.76, false, SearchStrategy.Exact)]
    public void Choose_PartsBesideAWalk_TakesTheCheaperOfAll(
        double walk, double parts, bool arranged, SearchStrategy expected, int k = K)
    {
        const double Scan = 0.01 * Live / 10;
        RecallModel.Regime[] Regimes(WalkKind kind, double ofScan)
        {
            RecallCurve curve = new([new(1, 0.999, 10 * ofScan * Scan, ofScan * Scan, 100)]);
            return [new(kind, 1, [(K, curve)]), new(kind, 0.1, [(K, curve)])];
        }

        var model = new RecallModel(
            Live, 0, new ScanCosts(0.01, 0.001, 0), [.. Regimes(WalkKind.Through, walk), .. Regimes(WalkKind.Partitions, parts)]);
        var query = new SearchQuery { Vector = default, K = k, RecallTarget = 0.9 };

        Assert.Equal(expected, SearchPlanner.Choose(query, Config, Live, 0, Live / 10, model, parts: Use(arranged)).Strategy);
    }

    [Fact]
    public void Choose_Filter_AimsALittleHigher()
    {
        SearchPlan all = Choose(new SearchQuery { Vector = default, K = K, RecallTarget = 0.92 }, Live);
        SearchPlan half = Choose(new SearchQuery { Vector = default, K = K, RecallTarget = 0.92 }, Live / 2);

        Assert.Equal(0.92, all.RecallEstimate, 1e-9);
        Assert.Equal(0.92 + (0.35 * 0.08), half.RecallEstimate, 1e-9);
        Assert.True(half.Effort.Slack > all.Effort.Slack);
    }

    [Theory]
    [InlineData(Quantization.None, K, 8000, 0)]
    [InlineData(Quantization.Int8, K, 71, 0)]
    [InlineData(Quantization.Int8, K, 72, 24)]
    [InlineData(Quantization.Int8, 1000, 3785, 0)]
    [InlineData(Quantization.Int8, 1000, 3786, 1262)]
    [InlineData(Quantization.Int4, K, 2047, 0)]
    [InlineData(Quantization.Int4, K, 2048, 64)]
    [InlineData(Quantization.Int4, 1000, 5999, 0)]
    [InlineData(Quantization.Int4, 1000, 6000, 2000)]
    public void Choose_ComparingWithAll_UsesCodesForMany(Quantization quantization, int k, int matching, int codesWidth)
    {
        SearchPlan plan = SearchPlanner.Choose(
            new SearchQuery { Vector = default, K = k, RecallTarget = 0.99 }, Config with { Quantization = quantization }, Live, 0, matching, Model());

        Assert.Equal((SearchStrategy.Exact, codesWidth), (plan.Strategy, plan.CodesWidth));
        Assert.Equal(codesWidth > 0, plan.RecallEstimate < 1);
    }

    /// <summary>However cheap a walk is.</summary>
    [Theory]
    [InlineData(10_000, SearchStrategy.Graph)]
    [InlineData(30_000, SearchStrategy.Exact)]
    public void Choose_MostOfWhatMatches_ComparesVectors(int k, SearchStrategy expected)
    {
        SearchPlan plan = Choose(new SearchQuery { Vector = default, K = k, RecallTarget = 0.9 }, Live);

        Assert.Equal((expected, expected == SearchStrategy.Exact), (plan.Strategy, plan.RecallEstimate == 1));
    }

    /// <summary>Vectors on disk are all read only for who wants every one compared.</summary>
    [Theory]
    [InlineData(0.99, null, 10, 24)]
    [InlineData(0.99, null, 100, 24)]
    [InlineData(null, null, 100, 128)]
    [InlineData(null, 300, 100, 300)]
    [InlineData(1.0, null, 100, 0)]
    public void Choose_VectorsOnDisk_KeepsEnoughToBeOrderedByThem(double? target, int? ef, int matching, int codesWidth)
    {
        SearchPlan plan = SearchPlanner.Choose(
            new SearchQuery { Vector = default, K = K, RecallTarget = target, Ef = ef },
            Config with { VectorPlacement = VectorPlacement.Disk },
            Live,
            0,
            matching,
            Model());

        Assert.Equal((SearchStrategy.Exact, codesWidth), (plan.Strategy, plan.CodesWidth));
        Assert.Equal(codesWidth == 0, plan.RecallEstimate == 1);
    }

    [Fact]
    public void Choose_TargetThatNothingReaches_ComparesWithAll()
    {
        SearchPlan plan = Choose(new SearchQuery { Vector = default, K = K, RecallTarget = 0.999 }, Live);

        Assert.Equal(SearchStrategy.Exact, plan.Strategy);
        Assert.Equal(24, plan.CodesWidth);
    }

    [Fact]
    public void Choose_ExactOrTargetOfOne_ComparesVectors()
    {
        foreach (SearchQuery query in (SearchQuery[])
            [new() { Vector = default, K = K, Exact = true, RecallTarget = 0.5 }, new() { Vector = default, K = K, RecallTarget = 1 }])
        {
            SearchPlan plan = Choose(query, Live);
            Assert.Equal((SearchStrategy.Exact, 0, 1), (plan.Strategy, plan.CodesWidth, plan.RecallEstimate));
        }
    }

    [Fact]
    public void Choose_Ef_ComesBeforeTheTarget()
    {
        SearchPlan plan = Choose(new SearchQuery { Vector = default, K = K, Ef = 64, RecallTarget = 0.9 }, Live / 2);

        Assert.Equal((SearchStrategy.Graph, 64, 0), (plan.Strategy, plan.Effort.Width, plan.RecallEstimate));
        Assert.Null(plan.Then);
        Assert.True(float.IsPositiveInfinity(plan.Effort.Slack));
    }

    /// <summary>Where a walk would be cheaper for one query, comparing with all is for many that do it together.</summary>
    [Theory]
    [InlineData(0.9, null)]
    [InlineData(null, 64)]
    public void Choose_ManyThatShareAScan_CompareWithAll(double? target, int? ef)
    {
        var query = new SearchQuery { Vector = default, K = K, RecallTarget = target, Ef = ef };
        SearchPlan Of(int sharing) => SearchPlanner.Choose(query, Config, Live, 0, Live / 4, Model(), sharing);

        Assert.NotEqual(SearchStrategy.Exact, Of(1).Strategy);
        Assert.Equal(SearchStrategy.Exact, Of(64).Strategy);
        Assert.Equal(Of(64), Of(1000));
        // Never dearer than alone, however many lanes are idle.
        Assert.All(Enumerable.Range(2, 200), sharing =>
            Assert.Equal(SearchStrategy.Exact, SearchPlanner.Choose(query, Config, Live, 0, Live / 100, Model(), sharing).Strategy));
    }

    /// <summary>Where comparing with all is cheaper for one query, looking in parts is for many that do it together.</summary>
    [Fact]
    public void Choose_ManyWithMatchesByParts_LookInThemTogether()
    {
        var query = new SearchQuery { Vector = default, K = K, RecallTarget = 0.9 };
        // Alone by parts 150 µs, where comparing with all takes 100 and sharing that saves nothing; together a fifth.
        var model = new RecallModel(
            Live,
            0,
            new ScanCosts(0.01, 0.01, 0.02, Together: 0.2, Lookers: 8),
            [Regime(WalkKind.Partitions, 1, 1500), Regime(WalkKind.Partitions, 0.1, 1500)]);
        SearchPlan Of(int sharing, PartitionUse parts) => SearchPlanner.Choose(query, Config, Live, 0, Live / 10, model, sharing, parts);

        Assert.Equal(SearchStrategy.Exact, Of(1, PartitionUse.Arranged).Strategy);
        Assert.Equal(SearchStrategy.Exact, Of(8, PartitionUse.Arranged).Strategy);
        Assert.Equal(SearchStrategy.Exact, Of(500, PartitionUse.Members).Strategy);
        Assert.Equal(SearchStrategy.Partitions, Of(500, PartitionUse.Arranged).Strategy);
        Assert.Equal(Of(512, PartitionUse.Arranged), Of(5000, PartitionUse.Arranged));
    }

    /// <summary>Under a filter more is aimed at than what was asked for, and the more so, the less may be missed.</summary>
    [Theory]
    [InlineData(0.9, 0.065)]
    [InlineData(0.95, 0.0325)]
    [InlineData(0.99, 0.0039)]
    [InlineData(0.995, 0.00195)]
    public void Choose_HigherTargetUnderAFilter_AimsBeyondIt(double target, double missed)
    {
        RecallCurve curve = new([new(1, 0.8, 100, 10), new(2, 0.9999, 200, 20)]);
        var model = new RecallModel(
            Live, 0, new ScanCosts(0.01, 0.001, 0.001), [new(WalkKind.Through, 1, [(K, curve)]), new(WalkKind.Through, 0.1, [(K, curve)])]);
        SearchPlan plan = SearchPlanner.Choose(new SearchQuery { Vector = default, K = K, RecallTarget = target }, Config, Live, 0, Live / 2, model);

        Assert.Equal(SearchStrategy.Graph, plan.Strategy);
        Assert.Equal(1 - missed, plan.RecallEstimate, 1e-9);
    }

    /// <summary>Parts are left for a walk through all nodes where all around the query match, if that is what a walk without a filter is cheaper for.</summary>
    [Theory]
    [InlineData(8000, true)]
    [InlineData(500, false)]
    public void Choose_PartsWhereAllMatch_AreLeftForACheaperWalk(double distances, bool leaves)
    {
        var query = new SearchQuery { Vector = default, K = K, RecallTarget = 0.9 };
        var model = new RecallModel(
            Live,
            0,
            new ScanCosts(0.01, 0.001, 0.02),
            [Regime(WalkKind.Through, 1, 800), Regime(WalkKind.Through, 0.1, 500), Regime(WalkKind.Partitions, 1, distances), Regime(WalkKind.Partitions, 0.1, 300)]);
        SearchPlan plan = SearchPlanner.Choose(query, Config, Live, 0, Live / 10, model, parts: PartitionUse.Arranged);

        Assert.Equal(SearchStrategy.Partitions, plan.Strategy);
        Assert.Equal(leaves, plan.Effort.LeavesDense);
        Assert.Equal(leaves ? SearchStrategy.Graph : null, plan.Then?.Strategy);
        Assert.Equal(leaves ? 0.1f : null, plan.Then?.Effort.Share);
    }

    [Fact]
    public void Choose_BeforeTheFirstMeasurement_TakesMoreForMore()
    {
        int[] widths =
        [
            .. ((double[])[0.9, 0.99, 0.999]).Select(static target => SearchPlanner.Choose(
                new SearchQuery { Vector = default, K = K, RecallTarget = target }, Config, Live, 0, Live, null).Effort.Width),
        ];
        Assert.Equal(widths.Order().Distinct(), widths);
    }

    private static SearchPlan Choose(SearchQuery query, int matching) =>
        SearchPlanner.Choose(query, Config, Live, 0, matching, Model());

    // A point is compared in 0.02 µs. Through all nodes 0.1 µs a distance and more under a filter; inside it fewer where it leaves few.
    [Theory]
    [InlineData(10, true, SearchStrategy.Partitions)]
    [InlineData(10, false, SearchStrategy.GraphWithin)]
    [InlineData(10, null, SearchStrategy.GraphWithin)]
    [InlineData(2, true, SearchStrategy.Graph)]
    [InlineData(100, true, SearchStrategy.Partitions)]
    [InlineData(100, false, SearchStrategy.Exact)]
    [InlineData(2000, true, SearchStrategy.Exact)]
    [InlineData(1, true, SearchStrategy.Graph)]
    public void Choose_DividedPoints_TakesWhatCostsLeast(int oneIn, bool? arranged, SearchStrategy expected)
    {
        var query = new SearchQuery { Vector = new float[8], K = K, RecallTarget = 0.9 };
        // Half as dear as walking inside the filter, and with a look-up of each member of the parts dearer than that; a scan is 0.02 a point.
        var model = new RecallModel(
            Live,
            0,
            new ScanCosts(0.02, 0.001, 0.02),
            [.. Regimes, Regime(WalkKind.Partitions, 1, 8000), Regime(WalkKind.Partitions, 0.1, 300), Regime(WalkKind.Partitions, 0.001, 10)]);
        SearchPlan plan = SearchPlanner.Choose(query, Config, Live, 0, Live / oneIn, model, parts: Use(arranged));
        Assert.Equal(expected, plan.Strategy);
        if (expected == SearchStrategy.Partitions)
        {
            Assert.Equal(1f / oneIn, plan.Effort.Share, 1e-6f);
            Assert.Equal(SearchPlanner.CodesWidth(K), plan.Effort.Width);
            Assert.InRange(plan.RecallEstimate, 0.9, 0.99);
        }
        else if (expected == SearchStrategy.Graph && oneIn > 1)
        {
            Assert.Equal(SearchStrategy.Partitions, plan.Then!.Value.Strategy);
        }
    }

    /// <summary>The fewer match, the more a point of a scan takes.</summary>
    [Theory]
    [InlineData(0, SearchStrategy.Exact)]
    [InlineData(0.5, SearchStrategy.Partitions)]
    public void Choose_SparserThanAScanWasPriced_TakesMoreForIt(double sparser, SearchStrategy expected)
    {
        // At 2 % a scan takes 20 µs, or 63; parts 31 and a half.
        var model = new RecallModel(
            Live, 0, new ScanCosts(0.01, 0.001, 0, sparser), [Regime(WalkKind.Partitions, 1, 300), Regime(WalkKind.Partitions, 0.01, 300)]);
        var query = new SearchQuery { Vector = default, K = K, RecallTarget = 0.9 };

        Assert.Equal(expected, SearchPlanner.Choose(query, Config, Live, 0, Live / 50, model, parts: PartitionUse.Arranged).Strategy);
    }

    /// <summary>Too few to be compared by half codes are still walked through where that is cheaper.</summary>
    [Theory]
    [InlineData(2000, K, SearchStrategy.Graph)]
    [InlineData(190, K, SearchStrategy.Exact)]
    [InlineData(2000, 500, SearchStrategy.Exact)]
    public void Choose_FewPointsWithHalfCodes_AreWalkedThroughUnlessMostAreWanted(int live, int k, SearchStrategy expected)
    {
        RecallCurve curve = new([new(1, 0.999, 100, 1)]);
        var model = new RecallModel(live, 0, new ScanCosts(0.02, 0.001, 0.001), [new(WalkKind.Through, 1, [(K, curve)])]);
        var query = new SearchQuery { Vector = default, K = k, RecallTarget = 0.9 };

        CollectionConfig config = Config with { Quantization = Quantization.Int4 };
        Assert.Equal(expected, SearchPlanner.Choose(query, config, live, 0, live, model).Strategy);
    }

    private static PartitionUse Use(bool? arranged) => arranged switch
    {
        null => PartitionUse.None,
        true => PartitionUse.Arranged,
        false => PartitionUse.Members,
    };

    private static RecallModel Model() => new(Live, 0, new ScanCosts(0.02, 0.001, 0.001), Regimes);

    private static IEnumerable<RecallModel.Regime> Regimes =>
    [
        Regime(WalkKind.Through, 1, 800), Regime(WalkKind.Through, 0.5, 1000), Regime(WalkKind.Through, 0.1, 8000),
        Regime(WalkKind.Within, 0.5, 2500), Regime(WalkKind.Within, 0.1, 700),
    ];

    private static RecallModel.Regime Regime(WalkKind walk, double share, double distances) => new(
        walk, share, [(K, new RecallCurve([new(1, 0.9, distances, distances / 10, distances / share), new(1.1, 0.99, 2 * distances, distances / 5, 2 * distances / share)]))]);
}
