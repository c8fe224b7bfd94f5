using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using AnnServer.Core.Graph;

namespace AnnServer.Core.Kernels;

/// <summary>
/// Distances between vectors of signed 8-bit codes. Each vector has its own step, so codes need no training and outliers cost
/// nobody else precision. A row is the codes, padded with zeros to <see cref="Granularity"/>, then two floats:
/// a weight w and a constant c, chosen for the metric so that one formula serves all: c_a + c_b - w_a w_b sum(a_i b_i).
/// Codes lie in -127 to 127, so a product of two pairs fits 16 bits and sums stay exact in 32 bits up to 65,536 elements.
/// </summary>
internal static unsafe class CodeKernel
{
    /// <summary>Codes of a row are a multiple of this: one 256-bit load.</summary>
    public const int Granularity = 32;

    public const int HeaderBytes = 2 * sizeof(float);

    private const float MaxCode = 127;

    public static float Distance(byte* a, byte* b, int length) => Finish(a, b, length, Dot((sbyte*)a, (sbyte*)b, length));

    /// <summary>One query against four rows; writes four floats. Each part of the query is widened once for all rows.</summary>
    public static void Distance4(byte* query, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances)
    {
        if (!Avx512BW.IsSupported)
        {
            distances[0] = Distance(query, row0, length);
            distances[1] = Distance(query, row1, length);
            distances[2] = Distance(query, row2, length);
            distances[3] = Distance(query, row3, length);
            return;
        }

        Vector512<int> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        for (int i = 0; i < length; i += Granularity)
        {
            Vector512<short> q = Widen(query + i);
            sum0 += Avx512BW.MultiplyAddAdjacent(q, Widen(row0 + i));
            sum1 += Avx512BW.MultiplyAddAdjacent(q, Widen(row1 + i));
            sum2 += Avx512BW.MultiplyAddAdjacent(q, Widen(row2 + i));
            sum3 += Avx512BW.MultiplyAddAdjacent(q, Widen(row3 + i));
        }

        distances[0] = Finish(query, row0, length, Vector512.Sum(sum0));
        distances[1] = Finish(query, row1, length, Vector512.Sum(sum1));
        distances[2] = Finish(query, row2, length, Vector512.Sum(sum2));
        distances[3] = Finish(query, row3, length, Vector512.Sum(sum3));
    }

    /// <summary>Writes the codes of a vector and their header: length codes, then weight and constant.</summary>
    public static void Encode(ReadOnlySpan<float> vector, DistanceKind distance, byte* row, int length)
    {
        const int Block = 64;
        Span<float> scaled = stackalloc float[Block];
        var codes = new Span<sbyte>(row, length);
        codes[vector.Length..].Clear();
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
                codes[i + j] = (sbyte)Math.Clamp(block[j], -MaxCode, MaxCode);
            }
        }

        long squares = Dot((sbyte*)row, (sbyte*)row, length);
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
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Finish(byte* a, byte* b, int length, int dot)
    {
        var left = (float*)(a + length);
        var right = (float*)(b + length);
        return left[1] + right[1] - (left[0] * right[0] * dot);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Widen(byte* codes) => Avx512BW.ConvertToVector512Int16(Vector256.Load((sbyte*)codes));

    private static int Dot(sbyte* a, sbyte* b, int length)
    {
        if (Avx512BW.IsSupported)
        {
            Vector512<int> sum = default;
            for (int i = 0; i < length; i += Granularity)
            {
                sum += Avx512BW.MultiplyAddAdjacent(Widen((byte*)a + i), Widen((byte*)b + i));
            }

            return Vector512.Sum(sum);
        }

        if (Avx2.IsSupported)
        {
            Vector256<int> sum = default;
            for (int i = 0; i < length; i += Vector128<sbyte>.Count)
            {
                sum += Avx2.MultiplyAddAdjacent(Avx2.ConvertToVector256Int16(a + i), Avx2.ConvertToVector256Int16(b + i));
            }

            return Vector256.Sum(sum);
        }

        Vector128<int> portable = default;
        for (int i = 0; i < length; i += Vector128<sbyte>.Count)
        {
            (Vector128<short> aLow, Vector128<short> aHigh) = Vector128.Widen(Vector128.Load(a + i));
            (Vector128<short> bLow, Vector128<short> bHigh) = Vector128.Widen(Vector128.Load(b + i));
            // 2 * 127^2 fits 16 bits.
            (Vector128<int> low, Vector128<int> high) = Vector128.Widen((aLow * bLow) + (aHigh * bHigh));
            portable += low + high;
        }

        return Vector128.Sum(portable);
    }
}
