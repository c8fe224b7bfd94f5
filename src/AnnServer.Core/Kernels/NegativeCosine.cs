using System.Runtime.CompilerServices;

namespace AnnServer.Core.Kernels;

/// <summary>
/// The cosine of the angle, negated. The float after the first <c>length</c> of each row is the inverse norm of its vector, so
/// that vectors are kept, and given back, exactly as they came.
/// </summary>
internal readonly unsafe struct NegativeCosine : IDistanceKernel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(float* a, float* b, int length) =>
        NegativeDot.Distance(a, b, length) * (a[length] * b[length]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Distance4(float* query, float* row0, float* row1, float* row2, float* row3, int length, float* distances)
    {
        NegativeDot.Distance4(query, row0, row1, row2, row3, length, distances);
        float scale = query[length];
        distances[0] *= scale * row0[length];
        distances[1] *= scale * row1[length];
        distances[2] *= scale * row2[length];
        distances[3] *= scale * row3[length];
    }
}
