using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AnnServer.Core.Graph;

namespace AnnServer.Core.Kernels;

/// <summary>
/// Distances between vectors of 8-bit codes. Each vector has its own step, so codes need no training and outliers cost nobody else
/// precision. A row is the codes, padded to <see cref="Granularity"/>, then two floats: a weight w and a constant c, chosen for
/// the metric so that one formula serves all: c_a + c_b - w_a w_b sum(a_i b_i); then the sum of the codes.
/// Codes lie in -127 to 127 and are kept with <see cref="Bias"/> added, since the instruction for dot products (VNNI) takes
/// unsigned bytes on one side: sum((b_i + 128) a_i) = sum(a_i b_i) + 128 sum(a_i). Sums are exact in 32 bits up to 65,536 elements.
/// </summary>
internal static unsafe class CodeKernel
{
    /// <summary>Codes of a row are a multiple of this: one 256-bit load.</summary>
    public const int Granularity = 32;

    public const int HeaderBytes = (2 * sizeof(float)) + sizeof(int);

    private const int Bias = 128;

    private const float MaxCode = 127;

    public static float Distance(byte* a, byte* b, int length) => Finish(a, b, length, Dot(a, b, length));

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

        Vector256<int> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (nint i = 0; i < length; i += Granularity)
        {
            Vector256<sbyte> q = Signed(query + i);
            sum0 = AvxVnni.MultiplyWideningAndAdd(sum0, Vector256.Load(row0 + i), q);
            sum1 = AvxVnni.MultiplyWideningAndAdd(sum1, Vector256.Load(row1 + i), q);
            sum2 = AvxVnni.MultiplyWideningAndAdd(sum2, Vector256.Load(row2 + i), q);
            sum3 = AvxVnni.MultiplyWideningAndAdd(sum3, Vector256.Load(row3 + i), q);
        }

        Vector256<int> sum = Avx2.HorizontalAdd(Avx2.HorizontalAdd(sum0, sum1), Avx2.HorizontalAdd(sum2, sum3));
        Vector128<int> dots = sum.GetLower() + sum.GetUpper() - Vector128.Create(Bias * Sum(query, length));
        Vector128<float> low = Sse.UnpackLow(WeightAndConstant(row0, length), WeightAndConstant(row1, length));
        Vector128<float> high = Sse.UnpackLow(WeightAndConstant(row2, length), WeightAndConstant(row3, length));
        Vector128<float> weights = Sse.MoveLowToHigh(low, high);
        Vector128<float> constants = Sse.MoveHighToLow(high, low);
        var header = (float*)(query + length);
        Vector128<float> products = Vector128.Create(header[0]) * weights * Vector128.ConvertToSingle(dots);
        (Vector128.Create(header[1]) + constants - products).Store(distances);
    }

    /// <summary>Writes the codes of a vector and their header: length codes, then weight, constant and sum.</summary>
    public static void Encode(ReadOnlySpan<float> vector, DistanceKind distance, byte* row, int length)
    {
        const int Block = 64;
        Span<float> scaled = stackalloc float[Block];
        // What is padding stands for zero.
        new Span<byte>(row + vector.Length, length - vector.Length).Fill(Bias);
        int sum = 0;
        long squares = 0;
        float largest = Math.Abs(TensorPrimitives.MaxMagnitude(vector));
        float inverse = largest > 0 ? MaxCode / largest : 0;
        for (int i = 0; i < vector.Length; i += Block)
        {
            ReadOnlySpan<float> source = vector.Slice(i, Math.Min(Block, vector.Length - i));
            Span<float> block = scaled[..source.Length];
            TensorPrimitives.Multiply(source, inverse, block);
            TensorPrimitives.Round(block, block);
            for (int j = 0; j < block.Length; j++)
            {
                int code = (int)Math.Clamp(block[j], -MaxCode, MaxCode);
                row[i + j] = (byte)(code + Bias);
                sum += code;
                squares += code * code;
            }
        }

        float step = largest / MaxCode;
        float weight = distance switch
        {
            // The square root of two turns the product of weights into the 2ab of (a - b)^2.
            DistanceKind.SquaredEuclidean => step * MathF.Sqrt(2),
            DistanceKind.NegativeCosine => squares > 0 ? (float)(1 / Math.Sqrt(squares)) : 0,
            _ => step,
        };
        var header = (float*)(row + length);
        header[0] = weight;
        // Half the square of the weight, so that the distance of a vector to itself is exactly 0.
        header[1] = distance == DistanceKind.SquaredEuclidean ? 0.5f * (weight * weight * squares) : 0;
        *(int*)(header + 2) = sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Finish(byte* a, byte* b, int length, int dot)
    {
        var left = (float*)(a + length);
        var right = (float*)(b + length);
        return left[1] + right[1] - (left[0] * right[0] * dot);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Sum(byte* row, int length) => *(int*)(row + length + (2 * sizeof(float)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> WeightAndConstant(byte* row, int length) =>
        Vector128.CreateScalarUnsafe(*(double*)(row + length)).AsSingle();

    // 128 more or less is the same as the top bit flipped.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Signed(byte* codes) => (Vector256.Load(codes) ^ Vector256.Create((byte)Bias)).AsSByte();

    private static int Dot(byte* a, byte* b, int length)
    {
        if (AvxVnni.IsSupported)
        {
            Vector256<int> sum = default;
            for (int i = 0; i < length; i += Granularity)
            {
                sum = AvxVnni.MultiplyWideningAndAdd(sum, Vector256.Load(b + i), Signed(a + i));
            }

            return Vector256.Sum(sum) - (Bias * Sum(a, length));
        }

        if (Avx512BW.IsSupported)
        {
            Vector512<int> sum = default;
            for (int i = 0; i < length; i += Granularity)
            {
                sum += Avx512BW.MultiplyAddAdjacent(Avx512BW.ConvertToVector512Int16(Signed(a + i)), Avx512BW.ConvertToVector512Int16(Signed(b + i)));
            }

            return Vector512.Sum(sum);
        }

        Vector256<int> portable = default;
        for (int i = 0; i < length; i += Granularity)
        {
            (Vector256<short> aLow, Vector256<short> aHigh) = Vector256.Widen(Signed(a + i));
            (Vector256<short> bLow, Vector256<short> bHigh) = Vector256.Widen(Signed(b + i));
            if (Avx2.IsSupported)
            {
                portable += Avx2.MultiplyAddAdjacent(aLow, bLow) + Avx2.MultiplyAddAdjacent(aHigh, bHigh);
            }
            else
            {
                // 2 * 127^2 fits 16 bits.
                (Vector256<int> low, Vector256<int> high) = Vector256.Widen((aLow * bLow) + (aHigh * bHigh));
                portable += low + high;
            }
        }

        return Vector256.Sum(portable);
    }
}
