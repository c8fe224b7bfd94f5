using System.Numerics.Tensors;

namespace AnnServer.Core.Kernels;

/// <summary>What happens to a vector once, when it arrives.</summary>
internal static class VectorMath
{
    // Outside this range of norms the squares of a float leave the normal range, or their sum does.
    private const float SmallestPlainNorm = 1e-16f;
    private const float LargestPlainNorm = 1e18f;

    /// <summary>
    /// Scales the vector to length 1 and returns the length it had. The zero vector has no direction: it stays as it is and
    /// gives 0. A length beyond the largest float gives infinity, but the vector is scaled all the same.
    /// </summary>
    public static float NormalizeInPlace(Span<float> vector)
    {
        float norm = TensorPrimitives.Norm<float>(vector);
        if (norm is >= SmallestPlainNorm and <= LargestPlainNorm)
        {
            TensorPrimitives.Divide(vector, norm, vector);
            return norm;
        }

        return NormalizeExtreme(vector);
    }

    /// <summary>Whether no element is NaN or infinite.</summary>
    public static bool IsFinite(ReadOnlySpan<float> vector) => vector.IsEmpty || TensorPrimitives.IsFiniteAll(vector);

    private static float NormalizeExtreme(Span<float> vector)
    {
        float scale = vector.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude<float>(vector));
        if (scale == 0 || !float.IsFinite(scale))
        {
            return scale;
        }

        TensorPrimitives.Divide(vector, scale, vector);
        float norm = TensorPrimitives.Norm<float>(vector);
        TensorPrimitives.Divide(vector, norm, vector);
        return norm * scale;
    }
}
