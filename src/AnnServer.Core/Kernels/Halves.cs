using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AnnServer.Core.Kernels;

/// <summary>
/// Finite 16-bit floats to 32-bit ones, within registers; .NET has no instruction for it. A half's exponent and mantissa, moved to
/// the place of a float's, and 112 added to the exponent, are the number itself where the exponent was not zero. Where it was, the
/// half has no leading one and the float has, so the number is twice the float less 2^-14; that is the smaller of the two there and
/// nowhere else. Multiplying by 2^112 instead is shorter, but takes twenty times as long when one element in twenty is subnormal.
/// </summary>
internal static class Halves
{
    private const int MantissaShift = 23 - 10;
    private const int Magnitude = 0x7FFF << MantissaShift;
    private const int ExponentDifference = (127 - 15) << 23;
    private const float SmallestNormal = 1f / (1 << 14);

    /// <param name="halves">Their bits, sign-extended.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Widen(Vector512<int> halves)
    {
        Vector512<int> bits = halves << MantissaShift;
        Vector512<float> normal = ((bits & Vector512.Create(Magnitude)) + Vector512.Create(ExponentDifference)).AsSingle();
        Vector512<float> either = Vector512.MinNative(normal, normal + normal - Vector512.Create(SmallestNormal));
        return (either.AsInt32() | (bits & Vector512.Create(int.MinValue))).AsSingle();
    }

    /// <param name="halves">Their bits, sign-extended.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Widen(Vector256<int> halves)
    {
        Vector256<int> bits = halves << MantissaShift;
        Vector256<float> normal = ((bits & Vector256.Create(Magnitude)) + Vector256.Create(ExponentDifference)).AsSingle();
        Vector256<float> either = Vector256.MinNative(normal, normal + normal - Vector256.Create(SmallestNormal));
        return (either.AsInt32() | (bits & Vector256.Create(int.MinValue))).AsSingle();
    }

    /// <param name="halves">Their bits, sign-extended.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Widen(Vector128<int> halves)
    {
        Vector128<int> bits = halves << MantissaShift;
        Vector128<float> normal = ((bits & Vector128.Create(Magnitude)) + Vector128.Create(ExponentDifference)).AsSingle();
        Vector128<float> either = Vector128.MinNative(normal, normal + normal - Vector128.Create(SmallestNormal));
        return (either.AsInt32() | (bits & Vector128.Create(int.MinValue))).AsSingle();
    }
}
