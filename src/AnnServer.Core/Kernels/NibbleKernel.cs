using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
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
/// The distance is k (|q|^2 + (w/2)^2 sum((2n_i - 15)^2)) - l (w/2) w_q sum((2n_i - 15) q_i), k and l as in
/// <see cref="CodeKernel"/>. Sums are exact in 32 bits up to 65,536 elements.
/// </para>
/// </summary>
internal static unsafe class NibbleKernel
{
    /// <summary>Elements of a row are a multiple of this: one 256-bit load.</summary>
    public const int Granularity = 64;

    private const int Bytes = Granularity / 2;
    private const int Levels = 16;
    private const int MaxQueryCode = 127;
    private const int WeightBits = 16;
    private const float StepOfDeviation = 0.335f;

    /// <summary>Bytes of a row.</summary>
    public static int RowBytes(int length) => length / 2;

    /// <summary>Bytes of a query.</summary>
    public static int QueryBytes(int length) => length + sizeof(Header);

    /// <summary>Writes the codes of a rotated vector.</summary>
    public static void Encode(ReadOnlySpan<float> vector, byte* row)
    {
        float deviation = MathF.Sqrt(TensorPrimitives.SumOfSquares(vector) / vector.Length);
        uint weightBits = (BitConverter.SingleToUInt32Bits(deviation * StepOfDeviation) + 0x8000) >> WeightBits;
        float weight = Weight(weightBits);
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

        for (int i = 0; i < WeightBits; i++)
        {
            int bit = (int)(weightBits >> i) & 1;
            int half = Math.Clamp((int)MathF.Round(((vector[i] * steps) + ((Levels - 1) / 2f) - bit) / 2), 0, (Levels / 2) - 1);
            row[i] = (byte)((row[i] & 0xF0) | (2 * half) | bit);
        }
    }

    /// <summary>Makes a rotated vector ready to be compared with many rows: as 8-bit codes, and what the formula needs of it.</summary>
    public static void Prepare(ReadOnlySpan<float> vector, DistanceKind distance, byte* query)
    {
        float largest = Math.Abs(TensorPrimitives.MaxMagnitude(vector));
        float weight = largest / MaxQueryCode;
        float steps = weight > 0 ? 1 / weight : 0;
        var codes = (sbyte*)query;
        for (int i = 0; i < vector.Length; i++)
        {
            codes[i] = (sbyte)Math.Clamp(MathF.Round(vector[i] * steps), -MaxQueryCode, MaxQueryCode);
        }

        Complete(query, vector.Length, weight, distance);
    }

    /// <summary>Makes a row ready to be compared with others.</summary>
    public static void Prepare(byte* row, DistanceKind distance, byte* query, int length)
    {
        for (nint i = 0; i < length; i += Granularity)
        {
            var packed = Vector256.Load(row + (i / 2));
            Doubled(Low(packed)).Store((sbyte*)query + i);
            Doubled(High(packed)).Store((sbyte*)query + i + Bytes);
        }

        Complete(query, length, Weight(Bits(row)) / 2, distance);

        static Vector256<sbyte> Doubled(Vector256<byte> codes) => ((codes + codes) - Vector256.Create((byte)(Levels - 1))).AsSByte();
    }

    public static float Distance(byte* query, byte* row, int length)
    {
        var header = (Header*)(query + length);
        float weight = Weight(Bits(row)) / 2;
        int dot = (2 * Dot(row, (sbyte*)query, length)) - header->BiasSum;
        float constant = header->Constant;
        if (header->AddsSquares)
        {
            constant += weight * weight * ((4 * Squares(row, length)) + (225 * length));
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
        Vector128<float> weights = (Vector128.Create(Bits(row0), Bits(row1), Bits(row2), Bits(row3)) << WeightBits).AsSingle() * 0.5f;
        Vector128<float> constants = Vector128.Create(header->Constant);
        if (header->AddsSquares)
        {
            Vector256<int> square0 = default, square1 = default, square2 = default, square3 = default;
            for (nint i = 0; i < length; i += Granularity)
            {
                Vector256<sbyte> q0 = Vector256.Load((sbyte*)query + i);
                Vector256<sbyte> q1 = Vector256.Load((sbyte*)query + i + Bytes);
                Add(ref dot0, ref square0, q0, q1, row0 + (i / 2));
                Add(ref dot1, ref square1, q0, q1, row1 + (i / 2));
                Add(ref dot2, ref square2, q0, q1, row2 + (i / 2));
                Add(ref dot3, ref square3, q0, q1, row3 + (i / 2));
            }

            Vector128<int> squares = (Sum4(square0, square1, square2, square3) << 2) + Vector128.Create(225 * length);
            constants += weights * weights * Vector128.ConvertToSingle(squares);
        }
        else
        {
            for (nint i = 0; i < length; i += Granularity)
            {
                Vector256<sbyte> q0 = Vector256.Load((sbyte*)query + i);
                Vector256<sbyte> q1 = Vector256.Load((sbyte*)query + i + Bytes);
                dot0 = Dot(dot0, q0, q1, row0 + (i / 2));
                dot1 = Dot(dot1, q0, q1, row1 + (i / 2));
                dot2 = Dot(dot2, q0, q1, row2 + (i / 2));
                dot3 = Dot(dot3, q0, q1, row3 + (i / 2));
            }
        }

        Vector128<int> dots = (Sum4(dot0, dot1, dot2, dot3) << 1) - Vector128.Create(header->BiasSum);
        (constants - (Vector128.Create(header->Weight) * weights * Vector128.ConvertToSingle(dots))).Store(distances);
    }

    private static void Complete(byte* query, int length, float weight, DistanceKind distance)
    {
        var codes = new ReadOnlySpan<sbyte>(query, length);
        int sum = 0;
        int squares = 0;
        foreach (sbyte code in codes)
        {
            sum += code;
            squares += code * code;
        }

        bool isEuclidean = distance == DistanceKind.SquaredEuclidean;
        *(Header*)(query + length) = new Header
        {
            Weight = isEuclidean ? 2 * weight : weight,
            Constant = isEuclidean ? weight * weight * squares : 0,
            BiasSum = (Levels - 1) * sum,
            AddsSquares = isEuclidean,
        };
    }

    // The nearest level: floor, since levels lie halfway between whole steps.
    private static Vector256<int> Code(Vector256<float> steps) => Vector256.ConvertToInt32(
        Vector256.Clamp(Vector256.Floor(steps + Vector256.Create(Levels / 2f)), Vector256<float>.Zero, Vector256.Create(Levels - 1f)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Low(Vector256<byte> packed) => packed & Vector256.Create((byte)0x0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> High(Vector256<byte> packed) => (packed.AsUInt16() >>> 4).AsByte() & Vector256.Create((byte)0x0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot(Vector256<int> dot, Vector256<sbyte> low, Vector256<sbyte> high, byte* row)
    {
        var packed = Vector256.Load(row);
        return AvxVnni.MultiplyWideningAndAdd(AvxVnni.MultiplyWideningAndAdd(dot, Low(packed), low), High(packed), high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Vector256<int> dot, ref Vector256<int> square, Vector256<sbyte> low, Vector256<sbyte> high, byte* row)
    {
        var packed = Vector256.Load(row);
        Vector256<byte> rowLow = Low(packed);
        Vector256<byte> rowHigh = High(packed);
        var fifteen = Vector256.Create((byte)15);
        dot = AvxVnni.MultiplyWideningAndAdd(AvxVnni.MultiplyWideningAndAdd(dot, rowLow, low), rowHigh, high);
        square = AvxVnni.MultiplyWideningAndAdd(square, rowLow, (rowLow - fifteen).AsSByte());
        square = AvxVnni.MultiplyWideningAndAdd(square, rowHigh, (rowHigh - fifteen).AsSByte());
    }

    /// <summary>The sums of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Sum4(Vector256<int> v0, Vector256<int> v1, Vector256<int> v2, Vector256<int> v3)
    {
        Vector256<int> sum = Avx2.HorizontalAdd(Avx2.HorizontalAdd(v0, v1), Avx2.HorizontalAdd(v2, v3));
        return sum.GetLower() + sum.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Bits(byte* row) => (Vector128.Load(row).AsUInt16() << 7).AsByte().ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Weight(uint bits) => BitConverter.UInt32BitsToSingle(bits << WeightBits);

    private static int Dot(byte* row, sbyte* query, int length)
    {
        Vector256<int> sum = default;
        for (nint i = 0; i < length; i += Granularity)
        {
            if (AvxVnni.IsSupported)
            {
                sum = Dot(sum, Vector256.Load(query + i), Vector256.Load(query + i + Bytes), row + (i / 2));
            }
            else
            {
                var packed = Vector256.Load(row + (i / 2));
                sum += MultiplyAdd(Low(packed), Vector256.Load(query + i)) + MultiplyAdd(High(packed), Vector256.Load(query + i + Bytes));
            }
        }

        return Vector256.Sum(sum);
    }

    /// <summary>The sum of n (n - 15).</summary>
    private static int Squares(byte* row, int length)
    {
        Vector256<int> sum = default;
        var fifteen = Vector256.Create((byte)15);
        for (nint i = 0; i < length / 2; i += Bytes)
        {
            var packed = Vector256.Load(row + i);
            Vector256<byte> low = Low(packed);
            Vector256<byte> high = High(packed);
            sum += MultiplyAdd(low, (low - fifteen).AsSByte()) + MultiplyAdd(high, (high - fifteen).AsSByte());
        }

        return Vector256.Sum(sum);
    }

    private static Vector256<int> MultiplyAdd(Vector256<byte> a, Vector256<sbyte> b)
    {
        if (AvxVnni.IsSupported)
        {
            return AvxVnni.MultiplyWideningAndAdd(default, a, b);
        }

        (Vector256<ushort> aLow, Vector256<ushort> aHigh) = Vector256.Widen(a);
        (Vector256<short> bLow, Vector256<short> bHigh) = Vector256.Widen(b);
        return CodeKernel.MultiplyAdd(aLow.AsInt16(), bLow) + CodeKernel.MultiplyAdd(aHigh.AsInt16(), bHigh);
    }

    /// <summary>What follows the codes of a query.</summary>
    private struct Header
    {
        public float Weight;
        public float Constant;
        public int BiasSum;
        public bool AddsSquares;
    }
}
