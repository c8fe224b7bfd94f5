using System.Runtime.Intrinsics;

namespace AnnServer.Core.Kernels;

/// <summary>One over the length of a vector.</summary>
internal static class InverseNorm
{
    /// <summary>0 for the zero vector, which has no direction: its cosine with every vector is taken as 0, since NaN could not be ordered.</summary>
    public static float Of(ReadOnlySpan<float> vector)
    {
        // In double precision: the squares of floats can be too great or too small for floats.
        Vector512<double> sums = default;
        int i = 0;
        for (; i + Vector512<float>.Count <= vector.Length; i += Vector512<float>.Count)
        {
            (Vector512<double> low, Vector512<double> high) = Vector512.Widen(Vector512.Create(vector[i..]));
            sums += (low * low) + (high * high);
        }

        double squares = Vector512.Sum(sums);
        for (; i < vector.Length; i++)
        {
            squares += (double)vector[i] * vector[i];
        }

        return squares > 0 ? (float)Math.Min(1 / Math.Sqrt(squares), float.MaxValue) : 0;
    }
}
