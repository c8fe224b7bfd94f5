using System.Runtime.CompilerServices;

namespace AnnServer.Core.Kernels;

/// <summary>
/// The cosine of the angle, negated. After the first <c>length</c> elements of each row comes the inverse norm of its vector, a
/// float in rows of halves too, so that vectors are kept, and given back, without being scaled.
/// </summary>
internal readonly unsafe struct NegativeCosine : IDistanceKernel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance<TElement>(float* query, TElement* row, int length)
        where TElement : unmanaged =>
        NegativeDot.Distance(query, row, length) * (query[length] * *(float*)(row + length));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Distance4<TElement>(
        float* query, TElement* row0, TElement* row1, TElement* row2, TElement* row3, int length, float* distances)
        where TElement : unmanaged
    {
        NegativeDot.Distance4(query, row0, row1, row2, row3, length, distances);
        float scale = query[length];
        distances[0] *= scale * *(float*)(row0 + length);
        distances[1] *= scale * *(float*)(row1 + length);
        distances[2] *= scale * *(float*)(row2 + length);
        distances[3] *= scale * *(float*)(row3 + length);
    }
}
