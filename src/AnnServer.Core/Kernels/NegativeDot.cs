using System.Runtime.CompilerServices;

namespace AnnServer.Core.Kernels;

/// <summary>The dot product negated: the dot metric, and what <see cref="NegativeCosine"/> scales.</summary>
internal readonly struct NegativeDot : IDistanceKernel, IDistanceTerm
{
    public static unsafe float Distance<TElement>(float* query, TElement* row, int length)
        where TElement : unmanaged => KernelLoops.Distance<NegativeDot, TElement>(query, row, length);

    public static unsafe void Distance4<TElement>(
        float* query, TElement* row0, TElement* row1, TElement* row2, TElement* row3, int length, float* distances)
        where TElement : unmanaged =>
        KernelLoops.Distance4<NegativeDot, TElement>(query, row0, row1, row2, row3, length, distances);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Accumulate<TLanes, TVector>(TVector sum, TVector a, TVector b)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.MultiplyAdd(a, b, sum);

    // Subtracted from zero rather than negated, so that orthogonal vectors give +0 and never -0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Finish<TLanes, TVector>(TVector sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => TLanes.Subtract(default, sum);
}
