using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Mixed;

/// <summary>The true answer by comparing everything in float64, and comparisons of server answers with it.</summary>
internal sealed class ExactOracle(Metric metric)
{
    private readonly ScoreKind _kind = Metrics.ScoreOf(metric);

    /// <summary>The server computes in float32; what differs by less than this part is the same score.</summary>
    private const double ScoreTolerance = 1e-3;

    public double Score(float[] query, ModelPoint point) => ExactScore.Compute(_kind, query, point.Vector);

    /// <summary>True scores of the best k, best first.</summary>
    public double[] TopScores(float[] query, IEnumerable<ModelPoint> candidates, int k)
    {
        PriorityQueue<double, double> worstFirst = new();
        foreach (ModelPoint point in candidates)
        {
            double score = Score(query, point);
            double goodness = _kind == ScoreKind.SquaredDistance ? -score : score;
            if (worstFirst.Count < k)
                worstFirst.Enqueue(score, goodness);
            else
                worstFirst.EnqueueDequeue(score, goodness);
        }
        double[] best = new double[worstFirst.Count];
        for (int i = best.Length - 1; i >= 0; i--)
            best[i] = worstFirst.Dequeue();
        return best;
    }

    public bool IsSameServerScore(double exact, double reported)
    {
        double expected = Metrics.ToServerScore(metric, exact);
        return Math.Abs(expected - reported) <= ScoreTolerance * (1 + Math.Abs(expected));
    }

    /// <summary>Whether answers with these true scores, in this order, are as good as the best: ties may come in any order.</summary>
    public bool IsExact(double[] best, IReadOnlyList<double> answered)
    {
        if (best.Length != answered.Count)
            return false;
        for (int i = 0; i < best.Length; i++)
        {
            if (Math.Abs(best[i] - answered[i]) > 1e-5 * (1 + Math.Abs(best[i])))
                return false;
        }
        return true;
    }

    public int CountRight(double[] best, IReadOnlyList<double> answered) =>
        best.Length == 0 ? 0 : answered.Count(score => ExactScore.IsNoWorse(_kind, score, best[^1]));

    /// <summary>Whether a stored vector came back: for cosine its length is free.</summary>
    public bool IsSameVector(float[] sent, float[] received)
    {
        if (metric != Metric.Cosine)
            return sent.AsSpan().SequenceEqual(received);
        return sent.Length == received.Length && ExactScore.Compute(ScoreKind.Cosine, sent, received) >= 1 - ExactScore.SimilarityTolerance;
    }

    public bool IsOrdered(IReadOnlyList<Hit> hits)
    {
        for (int i = 1; i < hits.Count; i++)
        {
            if (ExactScore.Compare(_kind, hits[i - 1].Score, hits[i].Score) > 0)
                return false;
        }
        return true;
    }
}
