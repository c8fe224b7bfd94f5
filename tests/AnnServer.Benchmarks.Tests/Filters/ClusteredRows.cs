using AnnServer.Benchmarks.Compare.Data;

namespace AnnServer.Benchmarks.Tests.Filters;

/// <summary>Seeded vectors that lie in clusters.</summary>
internal static class ClusteredRows
{
    public static float[] Make(int rows, int dimension, int clusters, int seed)
    {
        SeededNormal random = new((ulong)seed, 0);
        float[] centres = new float[clusters * dimension], vectors = new float[rows * dimension];
        random.FillNormal(centres, 4);
        for (int row = 0; row < rows; row++)
        {
            int cluster = (int)(random.NextUniform() * clusters);
            for (int i = 0; i < dimension; i++)
                vectors[(row * dimension) + i] = centres[(cluster * dimension) + i] + random.NextNormal();
        }
        return vectors;
    }

    public static float[] Row(float[] rows, int dimension, int row) => rows[(row * dimension)..((row + 1) * dimension)];
}
