using System.Numerics.Tensors;

namespace AnnServer.Benchmarks.Filters.Grid;

/// <summary>Rows one after the other, scaled to length 1 where the metric is the cosine, so that distances order them as it does.</summary>
internal static class UnitRows
{
    public static float[] Of(float[] rows, int dimension)
    {
        float[] units = new float[rows.Length];
        for (int start = 0; start < rows.Length; start += dimension)
        {
            ReadOnlySpan<float> row = rows.AsSpan(start, dimension);
            TensorPrimitives.Divide(row, Math.Max(TensorPrimitives.Norm(row), float.Epsilon), units.AsSpan(start, dimension));
        }
        return units;
    }
}
