using System.Runtime.CompilerServices;

namespace AnnServer.Core.Kernels;

/// <summary>The sum of squared differences: ranks as Euclidean distance does, without its root.</summary>
internal readonly struct SquaredEuclidean : IDistanceKernel, IDistanceTerm
{
    public static unsafe float Distance(float* a, float* b, int length) => KernelLoops.Distance<SquaredEuclidean>(a, b, length);

    public static unsafe void Distance4(
        float* query, float* row0, float* row1, float* row2, float* row3, int length, float* distances) =>
        KernelLoops.Distance4<SquaredEuclidean>(query, row0, row1, row2, row3, length, distances);

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
