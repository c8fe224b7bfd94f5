using AnnServer.Core.Search;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying.Recall;

/// <summary>
/// Plans a search for a recall: what reaches it for the least, by what was measured under filters at random. Where a filter turns out to be none, as
/// its points are around the query or far from it, another plan follows.
/// </summary>
internal readonly ref struct RecallPlanner
{
    // Times the distances of a scan, after which looking members up is given up for it.
    private const int PatienceOfMembers = 2;

    // Of what may be missed, so much is not, under filters: those that are not at random find a little less, most of all those that hold the
    // neighbours of the query, whose effort was measured without a filter. Inside a filter that is far from the query a walk finds less still, and
    // takes several times as long; by parts it is the other way round: a tenth of what was measured is missed, and less.
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

    // Of the price of a scan. What takes nearly as long is given up for the scan by all queries that it is a little longer for, which
    // then take both: walks, and looking members up. Without a filter none is given up, but a scan takes less than its price, as rows
    // come before they are asked for.
    private const double MostOfScan = 0.75;

    // Parts, of the price of a walk. Where more match around the query than elsewhere, a walk takes less than was measured, and parts take more:
    // of 100,000 texts that are a tenth, 84 and 176 µs, where both were to take the same.
    private const double MostOfWalk = 0.7;

    private readonly CollectionConfig _config;
    private readonly RecallModel _model;
    private readonly PartitionUse _parts;
    private readonly int _k;
    private readonly int _live;
    private readonly int _matching;
    private readonly int _sharing;
    private readonly int _codesWidth;
    private readonly double _share;
    private readonly double _goal;
    private readonly double _scan;

    /// <param name="k">No more than there are matching.</param>
    /// <param name="live">Points there are.</param>
    /// <param name="matching">Points that can be results.</param>
    /// <param name="sharing">Queries that would compare with all matching points, or look in their parts, together, this one included.</param>
    /// <param name="parts">Whether and how the points are divided.</param>
    public RecallPlanner(
        double target, CollectionConfig config, int k, int live, int matching, RecallModel model, int sharing, PartitionUse parts)
    {
        _config = config;
        _model = model;
        _parts = parts;
        _k = k;
        _live = live;
        _matching = matching;
        _sharing = sharing;
        _codesWidth = SearchPlanner.CodesWidth(config, k, matching);
        _share = live == 0 ? 1 : Math.Min(1, (double)matching / live);
        _goal = model.Aim(target, live);
        _scan = matching * SearchPlanner.Shared(model.Costs.CompareAt(_share), model.Costs.Share, sharing, byCodes: true);
    }

    public SearchPlan Choose()
    {
        // To weigh the others takes as long as to compare with a hundred points. Where few more match than are wanted, no way is shorter.
        if (_scan <= _model.LeastMicroseconds || SearchPlanner.WantsMost(_config, _k, _matching))
        {
            return CompareWithAll();
        }

        if (_share < 1)
        {
            return ChooseFiltered();
        }

        return TryWalk(WalkKind.Through, _goal, out RecallPoint point) && IsWorth(point)
            ? Walk(SearchStrategy.Graph, point, Effort(point, long.MaxValue), null)
            : CompareWithAll();
    }

    private SearchPlan ChooseFiltered()
    {
        double aim = Toward(MarginOfFilters);
        bool isThrough = TryWalk(WalkKind.Through, aim, out RecallPoint through);
        bool isWithin = TryWalk(WalkKind.Within, aim, out RecallPoint within);
        RecallPoint dense = default;
        bool knowsDense = isThrough && _model.TryReach(WalkKind.Through, 1, _k, Toward(MarginOfDense), out dense);
        if (TryPartitions(Toward(MarginOfPartitions), out RecallPoint near, out RecallPoint nearDense, out SearchEffort nearEffort)
            && (_parts == PartitionUse.Members ? IsWorth(near) : near.Microseconds < _scan)
            && !(isThrough && IsLeft(near, through))
            && !(isWithin && IsLeft(near, within)))
        {
            // Where all around the query match, a walk finds the way sooner: it meets little else.
            bool leavesDense = knowsDense && dense.Microseconds < nearDense.Microseconds;
            return Walk(
                SearchStrategy.Partitions,
                near,
                nearEffort with { LeavesDense = leavesDense },
                leavesDense ? new SecondPlan(SearchStrategy.Graph, EffortThrough(through, dense, Budget(through)), Expect(through)) : null) with
            {
                LooksIn = near.Tests / _live,
            };
        }

        if (isThrough && IsWorth(through) && !(isWithin && within.Microseconds < through.Microseconds))
        {
            SecondPlan? then = Elsewhere(afterWithin: false);
            return Walk(SearchStrategy.Graph, through, EffortThrough(through, dense, Patience(through, then)), then);
        }

        if (isWithin && IsWorth(within))
        {
            SecondPlan? then = Elsewhere(afterWithin: true);
            return Walk(SearchStrategy.GraphWithin, within, EffortWithin(within, Patience(within, then)) with { Share = (float)_share }, then);
        }

        return CompareWithAll();
    }

    // For points that are far from the query, after a walk; null to compare with all. By parts it looks in about half of them.
    private SecondPlan? Elsewhere(bool afterWithin)
    {
        if (TryPartitions(_goal, out RecallPoint point, out _, out SearchEffort effort))
        {
            return _parts == PartitionUse.Arranged || _live * _model.Costs.Test < _scan
                ? new SecondPlan(SearchStrategy.Partitions, effort, Expect(point))
                : null;
        }

        // A walk within finds some of them only, where there are many.
        return !afterWithin
            && _model.TryReach(WalkKind.Within, _share, _k, Toward(MarginOfRetries), out RecallPoint retry)
            && MoreOfRetries * retry.Microseconds < _scan
                ? new SecondPlan(SearchStrategy.GraphWithin, EffortWithin(retry, Budget(retry)), Expect(retry))
                : null;
    }

    private SearchPlan CompareWithAll() =>
        new(SearchStrategy.Exact, new SearchEffort(_k, _k), _matching, SearchPlanner.RecallOfScan(_codesWidth), _codesWidth);

    private SearchPlan Walk(SearchStrategy strategy, in RecallPoint point, in SearchEffort effort, SecondPlan? then) =>
        new(strategy, effort, (long)point.Distances, Expect(point), _codesWidth, then);

    private bool TryWalk(WalkKind walk, double wanted, out RecallPoint point) =>
        _model.TryReach(walk, _share, _k, wanted, out point) && point.Microseconds < _scan;

    // Parts are left for the walk, or for the scan that it is left for. For more results than are measured a walk takes several times what is
    // told, and parts less: for 500 of 40,000 matching SIFT vectors 650 µs, half of them for walks that were given up, and 370.
    private bool IsLeft(in RecallPoint parts, in RecallPoint walk) =>
        parts.Microseconds > (IsWorth(walk) && _k <= RecallModel.MostResults ? MostOfWalk : 1) * walk.Microseconds;

    private bool IsWorth(in RecallPoint walk) => walk.Microseconds < MostOfScan * _scan;

    // Also where all points around a query match.
    private bool TryPartitions(double wanted, out RecallPoint point, out RecallPoint dense, out SearchEffort effort)
    {
        effort = default;
        point = default;
        dense = default;
        if (_parts == PartitionUse.None
            || !_model.TryReach(WalkKind.Partitions, _share, _k, wanted, out point)
            || !_model.TryReach(WalkKind.Partitions, 1, _k, wanted, out dense))
        {
            return false;
        }

        effort = EffortLadder.ToPartitions(point.Effort, _k, SearchPlanner.CodesWidth(_k), _share, dense.Effort);
        if (_parts == PartitionUse.Members)
        {
            point = point with { Microseconds = point.Microseconds + (point.Tests * _model.Costs.Test) };
            effort = effort with { Budget = PatienceOfMembers * (long)_matching };
        }
        else
        {
            point = point with { Microseconds = point.Microseconds * SearchPlanner.Together(_model, point.Tests / _live, _sharing) };
        }

        return true;
    }

    private SearchEffort EffortThrough(in RecallPoint point, in RecallPoint dense, long budget) =>
        Effort(point, budget) with { Share = (float)_share, DenseSlack = (float)dense.Effort };

    private SearchEffort EffortWithin(in RecallPoint point, long budget) => Effort(point, budget) with { Within = true };

    private SearchEffort Effort(in RecallPoint point, long budget) => EffortLadder.ToEffort(_config.Metric, point.Effort, _k, budget);

    // Comparing with all would have been done by then.
    private long Budget(in RecallPoint point) => (long)(point.Distances * _scan / point.Microseconds);

    // A walk is given up sooner, as it is wasted where the points are far from the query.
    private long Patience(in RecallPoint point, SecondPlan? then)
    {
        long budget = Budget(point);
        long usual = (long)(PatienceOfWalks * point.Distances);
        return Math.Min(budget, then is null ? Math.Max(usual, (long)(PatienceBeforeScans * budget)) : usual);
    }

    private double Expect(in RecallPoint point) => _model.Expect(Math.Max(point.Recall, _goal), _live);

    private double Toward(double margin)
    {
        double more = Math.Clamp(Math.Log(MissedAtMargins / (1 - _goal)) / Math.Log(MissedAtMargins / MissedAtMore), 0, 1);
        return 1 - ((1 - _goal) * (1 - margin) * (1 - (MoreMargin * more)));
    }
}
