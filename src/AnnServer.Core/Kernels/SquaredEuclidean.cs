using System.Runtime.CompilerServices;

namespace AnnServer.Core.Kernels;

/// <summary>The sum of squared differences: ranks as Euclidean distance does, without its root.</summary>
internal readonly struct SquaredEuclidean : IDistanceKernel, IDistanceTerm
{
    public static unsafe float Distance<TElement>(float* query, TElement* row, int length)
        where TElement : unmanaged => KernelLoops.Distance<SquaredEuclidean, TElement>(query, row, length);

    public static unsafe void Distance4<TElement>(
        float* query, TElement* row0, TElement* row1, TElement* row2, TElement* row3, int length, float* distances)
        where TElement : unmanaged =>
        KernelLoops.Distance4<SquaredEuclidean, TElement>(query, row0, row1, row2, row3, length, distances);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Accumulate<TLanes, TVector>(TVector sum, TVector a, TVector b)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector difference = TLanes.Subtract(a, b);
        return TLanes.MultiplyAdd(difference, difference, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Finish<TLanes, TVector>(TVector sum)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => sum;
}
