using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace AnnServer.Core.Kernels;

internal readonly unsafe struct Lanes128 : ILanes<Vector128<float>>
{
    public static int Count => Vector128<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load<TElement>(TElement* source)
        where TElement : unmanaged => typeof(TElement) == typeof(Half)
        ? Halves.Widen(Vector128.WidenLower(Vector64.Load((short*)source).ToVector128Unsafe()))
        : Vector128.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadLast<TElement>(TElement* source, int kept)
        where TElement : unmanaged
    {
        Vector128<int> keep = Vector128.GreaterThanOrEqual(Vector128<int>.Indices, Vector128.Create(Count - kept));
        return Vector128.ConditionalSelect(keep.AsSingle(), Load(source), Vector128<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> left, Vector128<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> left, Vector128<float> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> left, Vector128<float> right, Vector128<float> addend) =>
        Fma.IsSupported || AdvSimd.IsSupported ? Vector128.FusedMultiplyAdd(left, right, addend) : (left * right) + addend;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector128<float> lanes)
    {
        if (AdvSimd.Arm64.IsSupported)
        {
            lanes = AdvSimd.Arm64.AddPairwise(lanes, lanes);
            return AdvSimd.Arm64.AddPairwise(lanes, lanes).ToScalar();
        }

        lanes += Vector128.Shuffle(lanes, Vector128.Create(2, 3, 0, 1));
        return lanes[0] + lanes[1];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sum4(
        Vector128<float> lanes0, Vector128<float> lanes1, Vector128<float> lanes2, Vector128<float> lanes3)
    {
        if (AdvSimd.Arm64.IsSupported)
        {
            return AdvSimd.Arm64.AddPairwise(
                AdvSimd.Arm64.AddPairwise(lanes0, lanes1),
                AdvSimd.Arm64.AddPairwise(lanes2, lanes3));
        }

        if (Sse.IsSupported)
        {
            Vector128<float> first = Sse.UnpackLow(lanes0, lanes1) + Sse.UnpackHigh(lanes0, lanes1);
            Vector128<float> second = Sse.UnpackLow(lanes2, lanes3) + Sse.UnpackHigh(lanes2, lanes3);
            return Sse.MoveLowToHigh(first, second) + Sse.MoveHighToLow(second, first);
        }

        return Vector128.Create(Sum(lanes0), Sum(lanes1), Sum(lanes2), Sum(lanes3));
    }
}
