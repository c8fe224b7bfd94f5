namespace AnnServer.Engine.Querying.Recall;

/// <summary>Recall and cost of one kind of walk by its effort, measured.</summary>
internal sealed class RecallCurve
{
    private readonly RecallPoint[] _points;

    /// <param name="measured">By ascending effort, one at least.</param>
    public RecallCurve(IReadOnlyList<RecallPoint> measured)
    {
        _points = [.. measured];
        for (int i = 1; i < _points.Length; i++)
        {
            // More effort finds no less; where a measurement says so it is off.
            RecallPoint before = _points[i - 1];
            _points[i] = _points[i] with
            {
                Recall = Math.Max(_points[i].Recall, before.Recall),
                Distances = Math.Max(_points[i].Distances, before.Distances),
                Microseconds = Math.Max(_points[i].Microseconds, before.Microseconds),
            };
        }
    }

    /// <summary>What the least effort takes.</summary>
    public double LeastMicroseconds => _points[0].Microseconds;

    /// <summary>The same where each takes so many times as long.</summary>
    public RecallCurve Times(double factor) => new([.. _points.Select(point => point with { Microseconds = point.Microseconds * factor })]);

    /// <summary>The least effort that reaches a recall; false where no effort that was measured does.</summary>
    public bool TryReach(double recall, out RecallPoint point)
    {
        int at = Array.FindIndex(_points, measured => measured.Recall >= recall);
        if (at <= 0)
        {
            point = _points[0];
            return at == 0;
        }

        RecallPoint below = _points[at - 1];
        point = below.Toward(_points[at], (recall - below.Recall) / (_points[at].Recall - below.Recall));
        return true;
    }
}
