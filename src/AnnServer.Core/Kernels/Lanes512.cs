using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AnnServer.Core.Kernels;

internal readonly unsafe struct Lanes512 : ILanes<Vector512<float>>
{
    public static int Count => Vector512<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load<TElement>(TElement* source)
        where TElement : unmanaged => typeof(TElement) == typeof(Half)
        ? Halves.Widen(Avx512F.ConvertToVector512Int32(Vector256.Load((short*)source)))
        : Vector512.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadLast<TElement>(TElement* source, int kept)
        where TElement : unmanaged
    {
        Vector512<int> keep = Vector512.GreaterThanOrEqual(Vector512<int>.Indices, Vector512.Create(Count - kept));
        return Vector512.ConditionalSelect(keep.AsSingle(), Load(source), Vector512<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> left, Vector512<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> left, Vector512<float> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> left, Vector512<float> right, Vector512<float> addend) =>
        Vector512.FusedMultiplyAdd(left, right, addend);

    // Within the 128-bit lanes first, as Sum4 has to, then the halves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector512<float> lanes)
    {
        lanes += Avx512F.Shuffle(lanes, lanes, 0b_01_00_11_10);
        lanes += Avx512F.Shuffle(lanes, lanes, 0b_10_11_00_01);
        Vector256<float> half = lanes.GetLower() + lanes.GetUpper();
        return (half.GetLower() + half.GetUpper()).ToScalar();
    }

    // A transposed addition: 8 shuffles for four rows instead of 4 for each.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sum4(
        Vector512<float> lanes0, Vector512<float> lanes1, Vector512<float> lanes2, Vector512<float> lanes3)
    {
        Vector512<float> first = Avx512F.UnpackLow(lanes0, lanes1) + Avx512F.UnpackHigh(lanes0, lanes1);
        Vector512<float> second = Avx512F.UnpackLow(lanes2, lanes3) + Avx512F.UnpackHigh(lanes2, lanes3);
        Vector512<float> sums = Avx512F.Shuffle(first, second, 0b_01_00_01_00) + Avx512F.Shuffle(first, second, 0b_11_10_11_10);
        Vector256<float> half = sums.GetLower() + sums.GetUpper();
        return half.GetLower() + half.GetUpper();
    }
}
