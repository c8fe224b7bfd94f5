using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AnnServer.Core.Kernels;

internal readonly unsafe struct Lanes256 : ILanes<Vector256<float>>
{
    public static int Count => Vector256<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load<TElement>(TElement* source)
        where TElement : unmanaged => typeof(TElement) == typeof(Half)
        ? Halves.Widen(Avx2.ConvertToVector256Int32(Vector128.Load((short*)source)))
        : Vector256.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadLast<TElement>(TElement* source, int kept)
        where TElement : unmanaged
    {
        Vector256<int> keep = Vector256.GreaterThanOrEqual(Vector256<int>.Indices, Vector256.Create(Count - kept));
        return Vector256.ConditionalSelect(keep.AsSingle(), Load(source), Vector256<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> left, Vector256<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> left, Vector256<float> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) =>
        Fma.IsSupported ? Vector256.FusedMultiplyAdd(left, right, addend) : (left * right) + addend;

    // Within the 128-bit lanes first, as Sum4 has to, then the halves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> lanes)
    {
        lanes += Avx.Shuffle(lanes, lanes, 0b_01_00_11_10);
        lanes += Avx.Shuffle(lanes, lanes, 0b_10_11_00_01);
        return (lanes.GetLower() + lanes.GetUpper()).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Sum4(
        Vector256<float> lanes0, Vector256<float> lanes1, Vector256<float> lanes2, Vector256<float> lanes3)
    {
        Vector256<float> first = Avx.UnpackLow(lanes0, lanes1) + Avx.UnpackHigh(lanes0, lanes1);
        Vector256<float> second = Avx.UnpackLow(lanes2, lanes3) + Avx.UnpackHigh(lanes2, lanes3);
        Vector256<float> sums = Avx.Shuffle(first, second, 0b_01_00_01_00) + Avx.Shuffle(first, second, 0b_11_10_11_10);
        return sums.GetLower() + sums.GetUpper();
    }
}
