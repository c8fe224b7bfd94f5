using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AnnServer.Core.Graph;

namespace AnnServer.Core.Kernels;

/// <summary>
/// Distances between a query of 8-bit codes and rows of 4-bit codes, half the cache lines of <see cref="CodeKernel"/>. The vectors
/// are rotated first (<see cref="Rotation"/>), so that their elements are close to normally distributed whatever they were; the
/// step of a row is the one that is best for those (Max, Quantizing for minimum distortion, 1960: 0.335 of the deviation at 16
/// levels). The error of a dot product is then about 0.11 |x| |q| / sqrt(dimension): it falls as vectors get longer.
/// <para>
/// Code n of 0 to 15 stands for (n - 7.5) w, with w the weight of the row. Byte j of each 32 holds element j of 64 in its low
/// half and element 32 + j in its high half. As in <see cref="CodeKernel"/> the weight, 16 bits of it, lies in the lowest bits of
/// the first 16 codes.
/// </para>
/// <para>
/// The squared Euclidean distance is |q|^2 + (w/2)^2 sum((2n_i - 15)^2) - 2 (w/2) w_q sum((2n_i - 15) q_i), the negated dot product
/// half of its last part. The negated cosine is half of the former less 1, and not the latter: vectors of length 1 no longer have it
/// once they are codes, and in a graph over dot products of different lengths the short are hard to reach. What is more, the error
/// is then proportional to the distance, smallest where it matters. (The zero vector is at -1/2 from all others.) Sums are exact in
/// 32 bits up to 65,536 elements.
/// </para>
/// </summary>
internal static unsafe class NibbleKernel
{
    /// <summary>Elements of a row are a multiple of this: one 256-bit load.</summary>
    public const int Granularity = 64;

    private const int Bytes = Granularity / 2;
    private const int Levels = 16;
    private const int SquareOfLast = (Levels - 1) * (Levels - 1);
    private const int MaxQueryCode = 127;
    private const float StepOfDeviation = 0.335f;

    // The share of a row's square, and of its product with any vector, that is lost in its codes on average (Max, 1960, table II).
    private const float Distortion = 0.01154f;

    /// <summary>Bytes of a row.</summary>
    public static int RowBytes(int length) => length / 2;

    /// <summary>Bytes of a query.</summary>
    public static int QueryBytes(int length) => length + sizeof(QueryTerms);

    /// <summary>Writes the codes of a rotated vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Encode(ReadOnlySpan<float> vector, byte* row)
    {
        float deviation = MathF.Sqrt(TensorPrimitives.SumOfSquares(vector) / vector.Length);
        uint bits = (BitConverter.SingleToUInt32Bits(deviation * StepOfDeviation) + 0x8000) >> CodeArithmetic.WeightBits;
        float weight = CodeArithmetic.Weight(bits);
        float steps = weight > 0 ? 1 / weight : 0;
        var scales = Vector256.Create(steps);
        for (int at = 0; at < vector.Length; at += Granularity)
        {
            for (int i = 0; i < Bytes; i += Vector256<float>.Count)
            {
                Vector256<int> low = Code(Vector256.Create(vector[(at + i)..]) * scales);
                Vector256<int> high = Code(Vector256.Create(vector[(at + Bytes + i)..]) * scales);
                Vector256<int> both = low | (high << 4);
                Vector128<ushort> halves = Vector128.Narrow(both.GetLower().AsUInt32(), both.GetUpper().AsUInt32());
                Vector128.Narrow(halves, halves).GetLower().Store(row + (at / 2) + i);
            }
        }

        for (int i = 0; i < CodeArithmetic.WeightBits; i++)
        {
            int bit = (int)(bits >> i) & 1;
            int half = Math.Clamp((int)MathF.Round(((vector[i] * steps) + ((Levels - 1) / 2f) - bit) / 2), 0, (Levels / 2) - 1);
            row[i] = (byte)((row[i] & 0xF0) | (2 * half) | bit);
        }
    }

    /// <summary>Makes a rotated vector ready to be compared with many rows: as 8-bit codes, and what the formula needs of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Prepare(ReadOnlySpan<float> vector, DistanceKind distance, byte* query)
    {
        float weight = Math.Abs(TensorPrimitives.MaxMagnitude(vector)) / MaxQueryCode;
        var steps = Vector512.Create(weight > 0 ? 1 / weight : 0);
        for (int i = 0; i < vector.Length; i += Vector512<float>.Count)
        {
            Vector512<float> rounded = Vector512.Round(Vector512.Create(vector[i..]) * steps);
            // The reciprocal of the smallest floats is infinite.
            Vector512<int> codes = Vector512.ConvertToInt32(
                Vector512.Clamp(rounded, Vector512.Create(-(float)MaxQueryCode), Vector512.Create((float)MaxQueryCode)));
            Vector256<short> halves = Vector256.Narrow(codes.GetLower(), codes.GetUpper());
            Vector128.Narrow(halves.GetLower(), halves.GetUpper()).Store((sbyte*)query + i);
        }

        QueryTerms terms = TermsOf(query, vector.Length, weight, distance);
        // Distances to rows come out right on average. Not so between rows, where a row must be at distance 0 from itself.
        terms.Weight /= 1 - Distortion;
        terms.SquaresFactor /= 1 - Distortion;
        *(QueryTerms*)(query + vector.Length) = terms;
    }

    /// <summary>Makes a row ready to be compared with others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Prepare(byte* row, DistanceKind distance, byte* query, int length)
    {
        for (nint i = 0; i < length; i += Granularity)
        {
            var packed = Vector256.Load(row + (i / 2));
            Doubled(Low(packed)).Store((sbyte*)query + i);
            Doubled(High(packed)).Store((sbyte*)query + i + Bytes);
        }

        *(QueryTerms*)(query + length) = TermsOf(query, length, CodeArithmetic.Weight(CodeArithmetic.Bits(row)) / 2, distance);

        static Vector256<sbyte> Doubled(Vector256<byte> codes) => (codes + codes - Vector256.Create((byte)(Levels - 1))).AsSByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Distance(byte* query, byte* row, int length)
    {
        var terms = (QueryTerms*)(query + length);
        float weight = Weight(row);
        float constant = terms->Constant;
        Vector256<int> dots = default;
        if (terms->SquaresFactor != 0)
        {
            Vector256<int> squares = default;
            for (nint i = 0; i < length; i += Granularity)
            {
                Add(ref dots, ref squares, Vector256.Load((sbyte*)query + i), Vector256.Load((sbyte*)query + i + Bytes), row + (i / 2));
            }

            constant += terms->SquaresFactor * weight * weight * ((4 * Vector256.Sum(squares)) + (SquareOfLast * length));
        }
        else
        {
            Vector256<int> high = default;
            for (nint i = 0; i < length; i += Granularity)
            {
                AddProducts(ref dots, ref high, Vector256.Load((sbyte*)query + i), Vector256.Load((sbyte*)query + i + Bytes), row + (i / 2));
            }

            dots += high;
        }

        return constant - (terms->Weight * weight * ((2 * Vector256.Sum(dots)) - terms->Bias));
    }

    /// <summary>One query against four rows; writes four floats. Each part of the query is loaded once for all rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Distance4(byte* query, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances)
    {
        var terms = (QueryTerms*)(query + length);
        Vector256<int> dot0 = default, dot1 = default, dot2 = default, dot3 = default;
        Vector128<float> weights = CodeArithmetic.Weights(row0, row1, row2, row3) * 0.5f;
        Vector128<float> constants = Vector128.Create(terms->Constant);
        if (terms->SquaresFactor != 0)
        {
            Vector256<int> square0 = default, square1 = default, square2 = default, square3 = default;
            for (nint i = 0; i < length; i += Granularity)
            {
                Vector256<sbyte> low = Vector256.Load((sbyte*)query + i);
                Vector256<sbyte> high = Vector256.Load((sbyte*)query + i + Bytes);
                Add(ref dot0, ref square0, low, high, row0 + (i / 2));
                Add(ref dot1, ref square1, low, high, row1 + (i / 2));
                Add(ref dot2, ref square2, low, high, row2 + (i / 2));
                Add(ref dot3, ref square3, low, high, row3 + (i / 2));
            }

            Vector128<int> squares = (CodeArithmetic.Sum4(square0, square1, square2, square3) << 2) + Vector128.Create(SquareOfLast * length);
            constants += Vector128.Create(terms->SquaresFactor) * weights * weights * Vector128.ConvertToSingle(squares);
        }
        else
        {
            // Two sums a row, as in CodeKernel; with squares it is the instructions that bound, not their latency.
            Vector256<int> high0 = default, high1 = default, high2 = default, high3 = default;
            for (nint i = 0; i < length; i += Granularity)
            {
                Vector256<sbyte> low = Vector256.Load((sbyte*)query + i);
                Vector256<sbyte> high = Vector256.Load((sbyte*)query + i + Bytes);
                AddProducts(ref dot0, ref high0, low, high, row0 + (i / 2));
                AddProducts(ref dot1, ref high1, low, high, row1 + (i / 2));
                AddProducts(ref dot2, ref high2, low, high, row2 + (i / 2));
                AddProducts(ref dot3, ref high3, low, high, row3 + (i / 2));
            }

            dot0 += high0;
            dot1 += high1;
            dot2 += high2;
            dot3 += high3;
        }

        Vector128<int> dots = (CodeArithmetic.Sum4(dot0, dot1, dot2, dot3) << 1) - Vector128.Create(terms->Bias);
        (constants - (Vector128.Create(terms->Weight) * weights * Vector128.ConvertToSingle(dots))).Store(distances);
    }

    /// <summary>Half of a row's step: what its codes, doubled and less 15, are multiplied with.</summary>
    public static float Weight(byte* row) => CodeArithmetic.Weight(CodeArithmetic.Bits(row)) / 2;

    /// <summary>The sum of the squares of a row's codes, doubled and less 15.</summary>
    public static int Squares(byte* row, int length)
    {
        Vector256<int> squares = default;
        for (nint i = 0; i < length; i += Granularity)
        {
            var packed = Vector256.Load(row + (i / 2));
            AddSquares(ref squares, Low(packed), High(packed));
        }

        return (4 * Vector256.Sum(squares)) + (SquareOfLast * length);
    }

    /// <summary>The terms that follow the codes of a query.</summary>
    private static QueryTerms TermsOf(byte* query, int length, float weight, DistanceKind distance)
    {
        Vector256<int> sums = default;
        Vector256<int> squares = default;
        for (nint i = 0; i < length; i += Vector256<sbyte>.Count)
        {
            var codes = Vector256.Load((sbyte*)query + i);
            Vector256<sbyte> magnitude = Vector256.Abs(codes);
            sums = CodeArithmetic.Add(sums, Vector256<byte>.One, codes);
            squares = CodeArithmetic.Add(squares, magnitude.AsByte(), magnitude);
        }

        int bias = (Levels - 1) * Vector256.Sum(sums);
        if (distance == DistanceKind.NegativeDot)
        {
            return QueryTerms.NegativeDot(weight, bias);
        }

        var terms = QueryTerms.SquaredEuclidean(weight, Vector256.Sum(squares), bias);
        return distance == DistanceKind.SquaredEuclidean
            ? terms
            : new() { Weight = terms.Weight / 2, Constant = (terms.Constant / 2) - 1, SquaresFactor = 0.5f, Bias = bias };
    }

    // The nearest level: floor, since levels lie halfway between whole steps.
    private static Vector256<int> Code(Vector256<float> steps) => Vector256.ConvertToInt32(
        Vector256.Clamp(Vector256.Floor(steps + Vector256.Create(Levels / 2f)), Vector256<float>.Zero, Vector256.Create(Levels - 1f)));

    /// <summary>The codes in the low halves of the bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Low(Vector256<byte> packed) => packed & Vector256.Create((byte)0x0F);

    /// <summary>The codes in the high halves of the bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> High(Vector256<byte> packed) => Low((packed.AsUInt16() >>> 4).AsByte());

    /// <summary>Adds the products of 64 codes n with those of the query, to a sum for each half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddProducts(ref Vector256<int> lowDot, ref Vector256<int> highDot, Vector256<sbyte> low, Vector256<sbyte> high, byte* row)
    {
        var packed = Vector256.Load(row);
        lowDot = CodeArithmetic.Add(lowDot, Low(packed), low);
        highDot = CodeArithmetic.Add(highDot, High(packed), high);
    }

    /// <summary>Adds those products, and n (n - 15), which is (2n - 15)^2 less 225, over 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Vector256<int> dot, ref Vector256<int> square, Vector256<sbyte> low, Vector256<sbyte> high, byte* row)
    {
        var packed = Vector256.Load(row);
        Vector256<byte> rowLow = Low(packed);
        Vector256<byte> rowHigh = High(packed);
        dot = CodeArithmetic.Add(CodeArithmetic.Add(dot, rowLow, low), rowHigh, high);
        AddSquares(ref square, rowLow, rowHigh);
    }

    /// <summary>Adds n (n - 15) for 64 codes n.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddSquares(ref Vector256<int> square, Vector256<byte> low, Vector256<byte> high)
    {
        var last = Vector256.Create((byte)(Levels - 1));
        square = CodeArithmetic.Add(square, low, (low - last).AsSByte());
        square = CodeArithmetic.Add(square, high, (high - last).AsSByte());
    }
}
