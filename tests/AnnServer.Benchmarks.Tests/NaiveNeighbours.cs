using AnnServer.Benchmarks.Compare.Data;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Tests;

/// <summary>Every score in float64, and a full sort: the oracle for neighbours.</summary>
internal static class NaiveNeighbours
{
    public static int[] Find(ScoreKind kind, float[] rows, float[] query, int depth)
    {
        int count = rows.Length / query.Length;
        return
        [
            .. Enumerable.Range(0, count)
                .Select(row => (Row: row, Cost: Cost(kind, rows.AsSpan(row * query.Length, query.Length), query)))
                .OrderBy(entry => entry.Cost).ThenBy(entry => entry.Row).Take(depth).Select(entry => entry.Row),
        ];
    }

    public static int[] Rows(Neighbour[] neighbours) => [.. neighbours.Select(neighbour => neighbour.Row)];

    private static double Cost(ScoreKind kind, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double distance = 0, dot = 0, squaredA = 0, squaredB = 0;
        for (int i = 0; i < a.Length; i++)
        {
            double x = a[i], y = b[i];
            distance += (x - y) * (x - y);
            dot += x * y;
            squaredA += x * x;
            squaredB += y * y;
        }
        return kind switch
        {
            ScoreKind.SquaredDistance => distance,
            ScoreKind.InnerProduct => -dot,
            _ => -(dot / Math.Sqrt(squaredA * squaredB)),
        };
    }
}
