namespace AnnServer.Engine.Tests.Differential;

/// <summary>What walks over a graph have found, and how much of it was within their reach.</summary>
internal sealed class Findings
{
    public const string Heading =
        "walks | of them filtered | mean recall@10 | of filtered ones | worst walk | out of reach, mean | at most";

    private readonly long[] _walks = new long[2];
    private readonly double[] _recall = new double[2];
    private double _worst = 1;
    private long _comparisons;
    private double _unreachable;
    private double _mostUnreachable;

    /// <summary>Mean share of the true nearest that a walk has found.</summary>
    public double Recall => _recall.Sum() / _walks.Sum();

    /// <summary>Mean share of the points that no path on layer 0 led to.</summary>
    public double Unreachable => _unreachable / _comparisons;

    public void Walked(bool isFiltered, double recall)
    {
        int kind = isFiltered ? 1 : 0;
        _walks[kind]++;
        _recall[kind] += recall;
        _worst = Math.Min(_worst, recall);
    }

    public void Compared(int unreachable, int points)
    {
        double share = points == 0 ? 0 : (double)unreachable / points;
        _comparisons++;
        _unreachable += share;
        _mostUnreachable = Math.Max(_mostUnreachable, share);
    }

    public void Add(Findings other)
    {
        for (int kind = 0; kind < _walks.Length; kind++)
        {
            _walks[kind] += other._walks[kind];
            _recall[kind] += other._recall[kind];
        }

        _worst = Math.Min(_worst, other._worst);
        _comparisons += other._comparisons;
        _unreachable += other._unreachable;
        _mostUnreachable = Math.Max(_mostUnreachable, other._mostUnreachable);
    }

    public override string ToString() =>
        $"{_walks.Sum()} | {_walks[1]} | {Recall:F4} | {(_walks[1] == 0 ? "-" : $"{_recall[1] / _walks[1]:F4}")} | {_worst:F1} | "
        + $"{100 * Unreachable:F2} % | {100 * _mostUnreachable:F2} %";
}
