namespace AnnServer.LoadGen.Data;

/// <summary>Scores in float64, the yardstick that answers are held against.</summary>
internal static class ExactScore
{
    /// <summary>Similarities closer than this are a tie: stored ground truth is float32.</summary>
    public const double SimilarityTolerance = 1e-6;

    public static double Compute(ScoreKind kind, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double dot = 0, squaredA = 0, squaredB = 0, distance = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double x = a[i], y = b[i];
            dot += x * y;
            squaredA += x * x;
            squaredB += y * y;
            distance += (x - y) * (x - y);
        }
        return kind switch
        {
            ScoreKind.SquaredDistance => distance,
            ScoreKind.InnerProduct => dot,
            _ => dot / Math.Sqrt(squaredA * squaredB),
        };
    }

    /// <summary>Whether a score ranks no worse than the worst one that still belongs to the answer.</summary>
    public static bool IsNoWorse(ScoreKind kind, double score, double worst) =>
        kind == ScoreKind.SquaredDistance ? score <= worst : score >= worst - SimilarityTolerance;

    /// <summary>Negative where <paramref name="a"/> is nearer.</summary>
    public static int Compare(ScoreKind kind, double a, double b) =>
        kind == ScoreKind.SquaredDistance ? a.CompareTo(b) : b.CompareTo(a);
}
