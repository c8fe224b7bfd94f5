using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AnnServer.Core.Graph;

namespace AnnServer.Core.Kernels;

/// <summary>
/// Distances between vectors of 8-bit codes. Each vector has its own weight, what a step of its codes is worth, so codes need no
/// training and outliers cost nobody else precision. A row is its codes, padded to <see cref="Granularity"/>, and nothing more:
/// the weight, 16 bits of it, lies in the lowest bits of the first 16 codes, which are rounded to what those bits allow. A header
/// of its own would cost a cache line a distance, a third more at 128 dimensions, and lines are what bounds a walk.
/// <para>
/// The distance is k (w_a^2 sum(a_i^2) + w_b^2 sum(b_i^2)) - l w_a w_b sum(a_i b_i), with k = 1 and l = 2 for squared Euclidean
/// distance and k = 0 and l = 1 for the others; under the cosine the vector is coded as if it had length 1.
/// </para>
/// <para>
/// Codes lie in -127 to 127 and are kept with <see cref="Bias"/> added, since the instruction for dot products (VNNI) takes
/// unsigned bytes on one side: sum((b_i + 128) a_i) = sum(a_i b_i) + 128 sum(a_i). Sums are exact in 32 bits up to 65,536 elements.
/// </para>
/// </summary>
internal static unsafe class CodeKernel
{
    /// <summary>Codes of a row are a multiple of this: one 256-bit load.</summary>
    public const int Granularity = 32;

    private const int Bias = 128;
    private const int MaxCode = 127;
    private const int WeightBits = 16;

    /// <summary>Bytes of a vector made ready by <see cref="Prepare"/>.</summary>
    public static int QueryBytes(int length) => length + sizeof(Header);

    /// <summary>Writes the codes of a vector.</summary>
    public static void Encode(ReadOnlySpan<float> vector, DistanceKind distance, byte* row, int length)
    {
        // The zero vector has no direction; its codes are zero.
        float scale = distance == DistanceKind.NegativeCosine ? InverseNorm.Of(vector) : 1;
        // Rounded up, so that the largest element does not pass the largest code.
        float largest = Math.Abs(TensorPrimitives.MaxMagnitude(vector)) * scale;
        uint weightBits = (BitConverter.SingleToUInt32Bits(largest / MaxCode) + 0xFFFF) >> WeightBits;
        float weight = Weight(weightBits);
        float steps = weight > 0 ? scale / weight : 0;
        for (int i = 0; i < WeightBits; i++)
        {
            int bit = (int)(weightBits >> i) & 1;
            float value = i < vector.Length ? vector[i] * steps : 0;
            int half = Math.Clamp((int)MathF.Round((value - bit) / 2), -63 - bit, 63);
            row[i] = (byte)((2 * half) + bit + Bias);
        }

        int at = WeightBits;
        var scales = Vector512.Create(steps);
        for (; at + Vector512<float>.Count <= vector.Length; at += Vector512<float>.Count)
        {
            Vector512<float> rounded = Vector512.Round(Vector512.Create(vector[at..]) * scales);
            Vector512<int> codes = Vector512.ConvertToInt32(Vector512.Clamp(rounded, Vector512.Create(-(float)MaxCode), Vector512.Create((float)MaxCode)));
            Vector256<short> halves = Vector256.Narrow(codes.GetLower(), codes.GetUpper()) + Vector256.Create((short)Bias);
            Vector128.Narrow(halves.GetLower(), halves.GetUpper()).AsByte().Store(row + at);
        }

        for (; at < length; at++)
        {
            float value = at < vector.Length ? vector[at] * steps : 0;
            row[at] = (byte)((int)Math.Clamp(MathF.Round(value), -MaxCode, MaxCode) + Bias);
        }
    }

    /// <summary>Makes a row ready to be compared with many: its codes as signed bytes, and what the formula needs of it.</summary>
    public static void Prepare(byte* row, DistanceKind distance, byte* query, int length)
    {
        for (nint i = 0; i < length; i += Granularity)
        {
            Signed(row + i).Store((sbyte*)query + i);
        }

        int sum = SumOf(row, length) - (Bias * length);
        int squares = Squares(row, length);
        bool isEuclidean = distance == DistanceKind.SquaredEuclidean;
        float weight = Weight(Bits(row));
        *(Header*)(query + length) = new Header
        {
            Weight = isEuclidean ? 2 * weight : weight,
            Constant = isEuclidean ? weight * weight * squares : 0,
            BiasSum = Bias * sum,
            AddsSquares = isEuclidean,
        };
    }

    public static float Distance(byte* query, byte* row, int length)
    {
        var header = (Header*)(query + length);
        float weight = Weight(Bits(row));
        int dot = Dot(row, (sbyte*)query, length) - header->BiasSum;
        float constant = header->Constant;
        if (header->AddsSquares)
        {
            constant += weight * weight * Squares(row, length);
        }

        return constant - (header->Weight * weight * dot);
    }

    /// <summary>One query against four rows; writes four floats. Each part of the query is loaded once for all rows.</summary>
    public static void Distance4(byte* query, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances)
    {
        if (!AvxVnni.IsSupported)
        {
            distances[0] = Distance(query, row0, length);
            distances[1] = Distance(query, row1, length);
            distances[2] = Distance(query, row2, length);
            distances[3] = Distance(query, row3, length);
            return;
        }

        var header = (Header*)(query + length);
        Vector256<int> dot0 = default, dot1 = default, dot2 = default, dot3 = default;
        Vector128<float> weights = (Vector128.Create(Bits(row0), Bits(row1), Bits(row2), Bits(row3)) << WeightBits).AsSingle();
        Vector128<float> constants = Vector128.Create(header->Constant);
        if (header->AddsSquares)
        {
            Vector256<int> square0 = default, square1 = default, square2 = default, square3 = default;
            for (nint i = 0; i < length; i += Granularity)
            {
                Vector256<sbyte> q = Vector256.Load((sbyte*)query + i);
                Add(ref dot0, ref square0, q, row0 + i);
                Add(ref dot1, ref square1, q, row1 + i);
                Add(ref dot2, ref square2, q, row2 + i);
                Add(ref dot3, ref square3, q, row3 + i);
            }

            constants += weights * weights * Vector128.ConvertToSingle(Sum4(square0, square1, square2, square3));
        }
        else
        {
            for (nint i = 0; i < length; i += Granularity)
            {
                Vector256<sbyte> q = Vector256.Load((sbyte*)query + i);
                dot0 = AvxVnni.MultiplyWideningAndAdd(dot0, Vector256.Load(row0 + i), q);
                dot1 = AvxVnni.MultiplyWideningAndAdd(dot1, Vector256.Load(row1 + i), q);
                dot2 = AvxVnni.MultiplyWideningAndAdd(dot2, Vector256.Load(row2 + i), q);
                dot3 = AvxVnni.MultiplyWideningAndAdd(dot3, Vector256.Load(row3 + i), q);
            }
        }

        Vector128<int> dots = Sum4(dot0, dot1, dot2, dot3) - Vector128.Create(header->BiasSum);
        (constants - (Vector128.Create(header->Weight) * weights * Vector128.ConvertToSingle(dots))).Store(distances);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Vector256<int> dot, ref Vector256<int> square, Vector256<sbyte> query, byte* row)
    {
        var biased = Vector256.Load(row);
        Vector256<byte> magnitude = Magnitude(biased);
        dot = AvxVnni.MultiplyWideningAndAdd(dot, biased, query);
        square = AvxVnni.MultiplyWideningAndAdd(square, magnitude, magnitude.AsSByte());
    }

    // At most 127, so it is the same number as a signed byte.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Magnitude(Vector256<byte> biased) =>
        Vector256.Abs((biased ^ Vector256.Create((byte)Bias)).AsSByte()).AsByte();

    /// <summary>The sums of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sum4(Vector256<int> v0, Vector256<int> v1, Vector256<int> v2, Vector256<int> v3)
    {
        Vector256<int> sum = Avx2.HorizontalAdd(Avx2.HorizontalAdd(v0, v1), Avx2.HorizontalAdd(v2, v3));
        return sum.GetLower() + sum.GetUpper();
    }

    /// <summary>The weight's bits out of the lowest bits of the first codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Bits(byte* row) => (Vector128.Load(row).AsUInt16() << 7).AsByte().ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Weight(uint bits) => BitConverter.UInt32BitsToSingle(bits << WeightBits);

    // 128 more or less is the same as the top bit flipped.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Signed(byte* codes) => (Vector256.Load(codes) ^ Vector256.Create((byte)Bias)).AsSByte();

    /// <summary>The sum of products of biased and signed codes.</summary>
    private static int Dot(byte* row, sbyte* query, int length)
    {
        if (AvxVnni.IsSupported)
        {
            Vector256<int> sum = default;
            for (nint i = 0; i < length; i += Granularity)
            {
                sum = AvxVnni.MultiplyWideningAndAdd(sum, Vector256.Load(row + i), Vector256.Load(query + i));
            }

            return Vector256.Sum(sum);
        }

        if (Avx512BW.IsSupported)
        {
            Vector512<int> sum = default;
            for (nint i = 0; i < length; i += Granularity)
            {
                sum += Avx512BW.MultiplyAddAdjacent(
                    Avx512BW.ConvertToVector512Int16(Vector256.Load(row + i)), Avx512BW.ConvertToVector512Int16(Vector256.Load(query + i)));
            }

            return Vector512.Sum(sum);
        }

        Vector256<int> portable = default;
        for (nint i = 0; i < length; i += Granularity)
        {
            (Vector256<ushort> low, Vector256<ushort> high) = Vector256.Widen(Vector256.Load(row + i));
            (Vector256<short> queryLow, Vector256<short> queryHigh) = Vector256.Widen(Vector256.Load(query + i));
            portable += MultiplyAdd(low.AsInt16(), queryLow) + MultiplyAdd(high.AsInt16(), queryHigh);
        }

        return Vector256.Sum(portable);
    }

    /// <summary>The sum of biased codes.</summary>
    private static int SumOf(byte* row, int length)
    {
        Vector256<int> sum = default;
        for (nint i = 0; i < length; i += Granularity)
        {
            if (AvxVnni.IsSupported)
            {
                sum = AvxVnni.MultiplyWideningAndAdd(sum, Vector256.Load(row + i), Vector256<sbyte>.One);
            }
            else
            {
                (Vector256<ushort> low, Vector256<ushort> high) = Vector256.Widen(Vector256.Load(row + i));
                sum += MultiplyAdd(low.AsInt16(), Vector256<short>.One) + MultiplyAdd(high.AsInt16(), Vector256<short>.One);
            }
        }

        return Vector256.Sum(sum);
    }

    private static int Squares(byte* row, int length)
    {
        Vector256<int> sum = default;
        for (nint i = 0; i < length; i += Granularity)
        {
            Vector256<byte> magnitude = Magnitude(Vector256.Load(row + i));
            if (AvxVnni.IsSupported)
            {
                sum = AvxVnni.MultiplyWideningAndAdd(sum, magnitude, magnitude.AsSByte());
            }
            else
            {
                (Vector256<ushort> low, Vector256<ushort> high) = Vector256.Widen(magnitude);
                sum += MultiplyAdd(low.AsInt16(), low.AsInt16()) + MultiplyAdd(high.AsInt16(), high.AsInt16());
            }
        }

        return Vector256.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<int> MultiplyAdd(Vector256<short> a, Vector256<short> b)
    {
        if (Avx2.IsSupported)
        {
            return Avx2.MultiplyAddAdjacent(a, b);
        }

        (Vector256<int> aLow, Vector256<int> aHigh) = Vector256.Widen(a);
        (Vector256<int> bLow, Vector256<int> bHigh) = Vector256.Widen(b);
        return (aLow * bLow) + (aHigh * bHigh);
    }

    /// <summary>What follows the codes of a prepared vector.</summary>
    private struct Header
    {
        public float Weight;
        public float Constant;
        public int BiasSum;
        public bool AddsSquares;
    }
}
