using AnnServer.Core.Graph;

namespace AnnServer.Core.Tests.Graph;

/// <summary>Distances and nearest neighbours in double precision, by comparing with everything.</summary>
internal static class Oracle
{
    public static double Distance(DistanceKind kind, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double squares = 0;
        double dot = 0;
        double normA = 0;
        double normB = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double difference = (double)a[i] - b[i];
            squares += difference * difference;
            dot += (double)a[i] * b[i];
            normA += (double)a[i] * a[i];
            normB += (double)b[i] * b[i];
        }

        return kind switch
        {
            DistanceKind.SquaredEuclidean => squares,
            DistanceKind.NegativeDot => -dot,
            _ => -dot / Math.Sqrt(normA * normB),
        };
    }

    /// <summary>The k nearest, of equals the lowest ordinal first.</summary>
    public static List<(double Distance, uint Ordinal)> Nearest(
        DistanceKind kind, IEnumerable<KeyValuePair<uint, float[]>> points, float[] query, int k)
    {
        var all = new List<(double Distance, uint Ordinal)>();
        foreach ((uint ordinal, float[] vector) in points)
        {
            all.Add((Distance(kind, query, vector), ordinal));
        }

        all.Sort();
        return all.GetRange(0, Math.Min(k, all.Count));
    }
}
