using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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

    /// <summary>Bytes of a vector made ready by <see cref="Prepare"/>.</summary>
    public static int QueryBytes(int length) => length + sizeof(QueryTerms);

    /// <summary>Writes the codes of a vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Encode(ReadOnlySpan<float> vector, DistanceKind distance, byte* row, int length)
    {
        // The zero vector has no direction; its codes are zero.
        float scale = distance == DistanceKind.NegativeCosine ? InverseNorm.Of(vector) : 1;
        // Rounded up, so that the largest element does not pass the largest code.
        float largest = Math.Abs(TensorPrimitives.MaxMagnitude(vector)) * scale;
        uint bits = (BitConverter.SingleToUInt32Bits(largest / MaxCode) + 0xFFFF) >> CodeArithmetic.WeightBits;
        float weight = CodeArithmetic.Weight(bits);
        float steps = weight > 0 ? scale / weight : 0;
        for (int i = 0; i < CodeArithmetic.WeightBits; i++)
        {
            int bit = (int)(bits >> i) & 1;
            float value = i < vector.Length ? vector[i] * steps : 0;
            int half = Math.Clamp((int)MathF.Round((value - bit) / 2), -63 - bit, 63);
            row[i] = (byte)((2 * half) + bit + Bias);
        }

        int at = CodeArithmetic.WeightBits;
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

    /// <summary>Adds the vector that a row stands for to sums of its elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddTo(byte* row, Span<float> sums)
    {
        float weight = CodeArithmetic.Weight(CodeArithmetic.Bits(row));
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] += weight * (row[i] - Bias);
        }
    }

    /// <summary>Makes a row ready to be compared with many: its codes as signed bytes, and what the formula needs of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Prepare(byte* row, DistanceKind distance, byte* query, int length)
    {
        Vector256<int> sums = default;
        for (nint i = 0; i < length; i += Granularity)
        {
            Vector256<byte> codes = Vector256.Load(row + i);
            sums = CodeArithmetic.Add(sums, codes, Vector256<sbyte>.One);
            Signed(codes).Store((sbyte*)query + i);
        }

        int sum = Vector256.Sum(sums) - (Bias * length);
        float weight = CodeArithmetic.Weight(CodeArithmetic.Bits(row));
        *(QueryTerms*)(query + length) = distance == DistanceKind.SquaredEuclidean
            ? QueryTerms.SquaredEuclidean(weight, Squares(row, length), Bias * sum)
            : QueryTerms.NegativeDot(weight, Bias * sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Distance(byte* query, byte* row, int length)
    {
        var terms = (QueryTerms*)(query + length);
        float weight = CodeArithmetic.Weight(CodeArithmetic.Bits(row));
        Vector256<int> dots = default;
        for (nint i = 0; i < length; i += Granularity)
        {
            dots = CodeArithmetic.Add(dots, Vector256.Load(row + i), Vector256.Load((sbyte*)query + i));
        }

        float constant = terms->Constant;
        if (terms->SquaresFactor != 0)
        {
            constant += terms->SquaresFactor * weight * weight * Squares(row, length);
        }

        return constant - (terms->Weight * weight * (Vector256.Sum(dots) - terms->Bias));
    }

    /// <summary>One query against four rows; writes four floats. Each part of the query is loaded once for all rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Distance4(byte* query, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances)
    {
        var terms = (QueryTerms*)(query + length);
        Vector256<int> dot0 = default, dot1 = default, dot2 = default, dot3 = default;
        Vector128<float> weights = CodeArithmetic.Weights(row0, row1, row2, row3);
        Vector128<float> constants = Vector128.Create(terms->Constant);
        if (terms->SquaresFactor != 0)
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

            constants += Vector128.Create(terms->SquaresFactor) * weights * weights * Vector128.ConvertToSingle(CodeArithmetic.Sum4(square0, square1, square2, square3));
        }
        else
        {
            // Two sums a row: with one, the loop would wait for each addition (five cycles) before the next.
            Vector256<int> odd0 = default, odd1 = default, odd2 = default, odd3 = default;
            nint i = 0;
            for (; i + Granularity < length; i += 2 * Granularity)
            {
                Vector256<sbyte> even = Vector256.Load((sbyte*)query + i);
                Vector256<sbyte> odd = Vector256.Load((sbyte*)query + i + Granularity);
                dot0 = CodeArithmetic.Add(dot0, Vector256.Load(row0 + i), even);
                dot1 = CodeArithmetic.Add(dot1, Vector256.Load(row1 + i), even);
                dot2 = CodeArithmetic.Add(dot2, Vector256.Load(row2 + i), even);
                dot3 = CodeArithmetic.Add(dot3, Vector256.Load(row3 + i), even);
                odd0 = CodeArithmetic.Add(odd0, Vector256.Load(row0 + i + Granularity), odd);
                odd1 = CodeArithmetic.Add(odd1, Vector256.Load(row1 + i + Granularity), odd);
                odd2 = CodeArithmetic.Add(odd2, Vector256.Load(row2 + i + Granularity), odd);
                odd3 = CodeArithmetic.Add(odd3, Vector256.Load(row3 + i + Granularity), odd);
            }

            if (i < length)
            {
                Vector256<sbyte> last = Vector256.Load((sbyte*)query + i);
                dot0 = CodeArithmetic.Add(dot0, Vector256.Load(row0 + i), last);
                dot1 = CodeArithmetic.Add(dot1, Vector256.Load(row1 + i), last);
                dot2 = CodeArithmetic.Add(dot2, Vector256.Load(row2 + i), last);
                dot3 = CodeArithmetic.Add(dot3, Vector256.Load(row3 + i), last);
            }

            dot0 += odd0;
            dot1 += odd1;
            dot2 += odd2;
            dot3 += odd3;
        }

        Vector128<int> dots = CodeArithmetic.Sum4(dot0, dot1, dot2, dot3) - Vector128.Create(terms->Bias);
        (constants - (Vector128.Create(terms->Weight) * weights * Vector128.ConvertToSingle(dots))).Store(distances);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Vector256<int> dot, ref Vector256<int> square, Vector256<sbyte> query, byte* row)
    {
        var codes = Vector256.Load(row);
        dot = CodeArithmetic.Add(dot, codes, query);
        Vector256<byte> magnitude = Magnitude(codes);
        square = CodeArithmetic.Add(square, magnitude, magnitude.AsSByte());
    }

    /// <summary>The sum of the squares of a row's codes.</summary>
    public static int Squares(byte* row, int length)
    {
        Vector256<int> sum = default;
        for (nint i = 0; i < length; i += Granularity)
        {
            Vector256<byte> magnitude = Magnitude(Vector256.Load(row + i));
            sum = CodeArithmetic.Add(sum, magnitude, magnitude.AsSByte());
        }

        return Vector256.Sum(sum);
    }

    // 128 more or less is the same as the top bit flipped.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Signed(Vector256<byte> codes) => (codes ^ Vector256.Create((byte)Bias)).AsSByte();

    // At most 127, so it is the same number as a signed byte.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Magnitude(Vector256<byte> codes) => Vector256.Abs(Signed(codes)).AsByte();
}
