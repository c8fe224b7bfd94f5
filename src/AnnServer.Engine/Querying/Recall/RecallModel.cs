namespace AnnServer.Engine.Querying.Recall;

/// <summary>
/// What walks of one collection find and cost, as measured on this machine: by kind, by the share of points that a filter leaves, and by
/// the results wanted. Between what was measured it is interpolated, in the logarithms of share and results.
/// </summary>
internal sealed class RecallModel
{
    /// <summary>The most results that are measured; more are taken for as many.</summary>
    public const int MostResults = 100;

    // A set that has grown or shrunk by this is measured anew.
    private const double StaleGrowth = 1.4;

    // And when so many times the queries are there. With stored points that a walk is kept from meeting it finds less than with queries,
    // by four points in 90: links that lead by way of the point are missing around it.
    private const int MoreQueries = 4;
    private const int FirstQueries = 256;

    // What is missed grows with this power of the points: 0.2 at a recall of 0.90, 0.28 at 0.95 and 0.5 at 0.99, from 50,000 to 200,000
    // SIFT vectors.
    private const double MissedByGrowth = 0.3;

    private readonly int _points;
    private readonly int _queries;
    private readonly Dictionary<WalkKind, List<Regime>> _regimes;

    /// <param name="points">Live when it was measured.</param>
    /// <param name="queries">Vectors of searches that it was measured with; the others were stored points.</param>
    /// <param name="costs">Of a point in searches that look at each.</param>
    /// <param name="regimes">In any order.</param>
    public RecallModel(int points, int queries, ScanCosts costs, IEnumerable<Regime> regimes)
    {
        _points = points;
        _queries = queries;
        Costs = costs;
        _regimes = regimes.GroupBy(static regime => regime.Walk)
            .ToDictionary(static group => group.Key, static group => group.OrderByDescending(static regime => regime.Share).ToList());
        LeastMicroseconds = costs.Together * _regimes.Values
            .SelectMany(static of => of)
            .SelectMany(static regime => regime.Curves)
            .Select(static curve => curve.Curve.LeastMicroseconds)
            .DefaultIfEmpty(double.PositiveInfinity)
            .Min();
    }

    public ScanCosts Costs { get; }

    /// <summary>Nothing but comparing with all takes less, whatever is asked for.</summary>
    public double LeastMicroseconds { get; }

    public bool IsStale(int live, int queries)
    {
        int more = Math.Min(QuerySample.Capacity, Math.Max(FirstQueries, MoreQueries * _queries));
        return live > _points * StaleGrowth || live < _points / StaleGrowth || (queries > _queries && queries >= more);
    }

    /// <summary>
    /// The recall to aim at for <paramref name="recall"/> in a set that has grown since it was measured: with the same effort more is missed
    /// in a larger one.
    /// </summary>
    public double Aim(double recall, int live) =>
        1 - ((1 - recall) / MissedMore(live));

    /// <summary>The other way round: the recall to expect now of what had <paramref name="recall"/> when it was measured.</summary>
    public double Expect(double recall, int live) =>
        1 - ((1 - recall) * MissedMore(live));

    // Times what was missed when it was measured.
    private double MissedMore(int live) => live > _points ? Math.Pow((double)live / _points, MissedByGrowth) : 1;

    /// <summary>The least that a walk has to do for a recall; false where it may not reach it.</summary>
    /// <param name="share">Of the points, that satisfy the filter.</param>
    public bool TryReach(WalkKind walk, double share, int k, double recall, out RecallPoint point)
    {
        point = default;
        if (!_regimes.TryGetValue(walk, out List<Regime>? regimes))
        {
            return false;
        }

        int at = regimes.FindIndex(regime => regime.Share <= share);
        if (at == 0)
        {
            return regimes[0].TryReach(k, recall, out point);
        }

        if (at > 0)
        {
            Regime above = regimes[at - 1];
            Regime below = regimes[at];
            if (!above.TryReach(k, recall, out point) || !below.TryReach(k, recall, out RecallPoint lower))
            {
                return false;
            }

            point = point.Toward(lower, Math.Log(above.Share / share) / Math.Log(above.Share / below.Share));
            return true;
        }

        // Sparser than was measured: a walk through all nodes meets so many more for each result; inside the filter it may find no way. In parts
        // there is little more to compare.
        Regime last = regimes[^1];
        if (walk == WalkKind.Within || !last.TryReach(k, recall, out point))
        {
            return false;
        }

        if (walk == WalkKind.Partitions)
        {
            return true;
        }

        double more = last.Share / Math.Max(share, double.Epsilon);
        point = point with { Distances = point.Distances * more, Microseconds = point.Microseconds * more };
        return true;
    }

    /// <summary>Walks of one kind under filters that leave one share of the points.</summary>
    /// <param name="Curves">By results wanted, ascending.</param>
    public sealed record Regime(WalkKind Walk, double Share, IReadOnlyList<(int K, RecallCurve Curve)> Curves)
    {
        /// <summary>The same where each takes so many times as long.</summary>
        public Regime Times(double factor) => this with { Curves = [.. Curves.Select(curve => (curve.K, curve.Curve.Times(factor)))] };

        public bool TryReach(int k, double recall, out RecallPoint point)
        {
            int at = 0;
            while (at < Curves.Count - 1 && Curves[at].K < k)
            {
                at++;
            }

            if (!Curves[at].Curve.TryReach(recall, out point))
            {
                return false;
            }

            if (at == 0 || Curves[at].K <= k)
            {
                return true;
            }

            if (!Curves[at - 1].Curve.TryReach(recall, out RecallPoint fewer))
            {
                return false;
            }

            double share = Math.Log((double)k / Curves[at - 1].K) / Math.Log((double)Curves[at].K / Curves[at - 1].K);
            point = fewer.Toward(point, share);
            return true;
        }
    }
}
