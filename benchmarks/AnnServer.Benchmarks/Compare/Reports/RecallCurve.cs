namespace AnnServer.Benchmarks.Compare.Reports;

/// <summary>What recall costs, between the efforts that were measured.</summary>
internal sealed class RecallCurve
{
    // Cheapest first, and every one has more recall than all before it: what costs more and finds no more is left out.
    private readonly List<(double Recall, double Cost)> _points = [];

    public RecallCurve(IReadOnlyList<(double Recall, double Cost)> measured)
    {
        foreach ((double Recall, double Cost) point in measured.OrderBy(point => point.Cost).ThenByDescending(point => point.Recall))
        {
            if (_points.Count == 0 || point.Recall > _points[^1].Recall)
                _points.Add(point);
        }
    }

    /// <summary>
    /// The cost at a recall: the logarithm of the cost is interpolated linearly in the recall. Where the cheapest point measured has
    /// more recall, its cost, which is no less than that asked for. Null where the curve does not get there.
    /// </summary>
    public double? CostAt(double recall)
    {
        int next = _points.FindIndex(point => point.Recall >= recall);
        if (next < 0)
            return null;
        if (next == 0)
            return _points[0].Cost;
        (double lowRecall, double lowCost) = _points[next - 1];
        (double highRecall, double highCost) = _points[next];
        double share = (recall - lowRecall) / (highRecall - lowRecall);
        return lowCost * Math.Pow(highCost / lowCost, share);
    }

    /// <summary>Whether the cheapest point has more recall, so that <see cref="CostAt"/> is an upper bound.</summary>
    public bool StartsAbove(double recall) => _points.Count > 0 && _points[0].Recall > recall;
}
