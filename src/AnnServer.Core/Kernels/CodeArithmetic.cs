using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AnnServer.Core.Kernels;

/// <summary>What the kernels on codes have in common.</summary>
internal static unsafe class CodeArithmetic
{
    /// <summary>The upper bits of a float that a row keeps as its weight, in the lowest bits of as many codes.</summary>
    public const int WeightBits = 16;

    /// <summary>Adds to each lane the products of its four unsigned and four signed bytes (VNNI, where there is any).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> a, Vector256<sbyte> b)
    {
        if (AvxVnni.IsSupported)
        {
            return AvxVnni.MultiplyWideningAndAdd(sum, a, b);
        }

        // Bytes 0 and 2 of each lane, and 1 and 3: sums stay in the lane of their bytes.
        Vector256<short> evenA = a.AsInt16() & Vector256.Create((short)0x00FF);
        Vector256<short> oddA = a.AsInt16() >>> 8;
        Vector256<short> evenB = (b.AsInt16() << 8) >> 8;
        Vector256<short> oddB = b.AsInt16() >> 8;
        return sum + MultiplyAdd(evenA, evenB) + MultiplyAdd(oddA, oddB);
    }

    /// <summary>The sums of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Sum4(Vector256<int> v0, Vector256<int> v1, Vector256<int> v2, Vector256<int> v3)
    {
        if (!Avx2.IsSupported)
        {
            return Vector128.Create(Vector256.Sum(v0), Vector256.Sum(v1), Vector256.Sum(v2), Vector256.Sum(v3));
        }

        Vector256<int> sum = Avx2.HorizontalAdd(Avx2.HorizontalAdd(v0, v1), Avx2.HorizontalAdd(v2, v3));
        return sum.GetLower() + sum.GetUpper();
    }

    /// <summary>The weight's bits out of the lowest bits of the first codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Bits(byte* row) => (Vector128.Load(row).AsUInt16() << 7).AsByte().ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Weight(uint bits) => BitConverter.UInt32BitsToSingle(bits << WeightBits);

    /// <summary>The weights of four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Weights(byte* row0, byte* row1, byte* row2, byte* row3) =>
        (Vector128.Create(Bits(row0), Bits(row1), Bits(row2), Bits(row3)) << WeightBits).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> MultiplyAdd(Vector256<short> a, Vector256<short> b)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.MultiplyAddAdjacent(a, b);
        }

        Vector256<int> products = ((a.AsInt32() << 16) >> 16) * ((b.AsInt32() << 16) >> 16);
        return products + ((a.AsInt32() >> 16) * (b.AsInt32() >> 16));
    }
}
