using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AnnServer.Core.Kernels;

/// <summary>
/// Sixteen queries of 8-bit codes side by side, so that a lane of a register is a query: four codes of a row are spread over all lanes
/// and multiplied with four of each query. A sum is then a distance's, and needs no adding up across lanes, which with one query at a
/// time costs more than the products do. Distances have the bits that <see cref="CodeKernel"/> and <see cref="NibbleKernel"/> give.
/// </summary>
/// <remarks>
/// Codes 4s to 4s + 3 of query i lie at 64 s + 4 i; after the codes come the <see cref="QueryTerms"/>, each part for all lanes.
/// </remarks>
internal static unsafe class QueryBlock
{
    public const int Lanes = 16;

    private const int Half = Lanes / 2;
    private const int Step = 4;
    private const int StepBytes = Step * Lanes;

    /// <summary>Bytes of a block of queries with so many codes.</summary>
    public static int Bytes(int length) => Lanes * (length + sizeof(QueryTerms));

    /// <summary>Makes a query that was made ready one of the block.</summary>
    /// <param name="length">Its codes: a multiple of 4.</param>
    public static void Set(byte* block, int lane, byte* query, int length)
    {
        for (int i = 0; i < length; i += Step)
        {
            *(uint*)(block + (i * Lanes) + (lane * Step)) = *(uint*)(query + i);
        }

        SetTerms(block, lane, query, length);
    }

    /// <summary>Makes so many queries the first of the block, four at a time; what is in its other lanes is of no matter.</summary>
    /// <param name="length">Codes of each: a multiple of 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Set(byte* block, byte** queries, int lanes, int length)
    {
        Debug.Assert(length % (Step * Step) == 0, "Sixteen codes of each query are read at a time.");
        if (!Sse2.IsSupported)
        {
            for (int lane = 0; lane < lanes; lane++)
            {
                Set(block, lane, queries[lane], length);
            }

            return;
        }

        for (int lane = 0; lane < lanes; lane += Step)
        {
            // The last stands for those that are missing to four.
            byte* query0 = queries[lane];
            byte* query1 = queries[Math.Min(lane + 1, lanes - 1)];
            byte* query2 = queries[Math.Min(lane + 2, lanes - 1)];
            byte* query3 = queries[Math.Min(lane + 3, lanes - 1)];
            int* at = (int*)block + lane;
            for (nint i = 0; i < length; i += Step * Step, at += Step * Lanes)
            {
                Transpose(Vector128.Load(query0 + i), Vector128.Load(query1 + i), Vector128.Load(query2 + i), Vector128.Load(query3 + i), at);
            }
        }

        for (int lane = 0; lane < lanes; lane++)
        {
            SetTerms(block, lane, queries[lane], length);
        }
    }

    /// <summary>Adds to four rows of 8-bit codes what they are in a distance, in this block and any other of the same kind of distance.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SetCodeTerms(byte* block, RowGroup* rows, int length)
    {
        float factor = SquaresFactor(block, length);
        for (int i = 0; i < RowGroup.Count; i++)
        {
            byte* row = (*rows)[i];
            float weight = CodeArithmetic.Weight(CodeArithmetic.Bits(row));
            rows->Weights[i] = weight;
            // In the order of the kernel of one query, so that the bits are the same.
            rows->Constants[i] = factor != 0 ? factor * weight * weight * CodeKernel.Squares(row, length) : 0;
        }
    }

    /// <summary>As <see cref="SetCodeTerms"/> to rows of 4-bit codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SetNibbleTerms(byte* block, RowGroup* rows, int length)
    {
        float factor = SquaresFactor(block, length);
        for (int i = 0; i < RowGroup.Count; i++)
        {
            byte* row = (*rows)[i];
            float weight = NibbleKernel.Weight(row);
            rows->Weights[i] = weight;
            rows->Constants[i] = factor != 0 ? factor * weight * weight * NibbleKernel.Squares(row, length) : 0;
        }
    }

    /// <summary>The queries of a block against four rows of 8-bit codes; writes sixteen floats for each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CodeDistances(byte* block, RowGroup* rows, int length, float* distances)
    {
        byte* row0 = (*rows)[0];
        byte* row1 = (*rows)[1];
        byte* row2 = (*rows)[2];
        byte* row3 = (*rows)[3];
        Vector256<int> dot00 = default, dot01 = default, dot10 = default, dot11 = default;
        Vector256<int> dot20 = default, dot21 = default, dot30 = default, dot31 = default;
        byte* queries = block;
        for (nint i = 0; i < length; i += Step, queries += StepBytes)
        {
            Vector256<sbyte> first = Vector256.Load((sbyte*)queries);
            Vector256<sbyte> second = Vector256.Load((sbyte*)queries + (StepBytes / 2));
            Add(ref dot00, ref dot01, first, second, Spread(row0 + i));
            Add(ref dot10, ref dot11, first, second, Spread(row1 + i));
            Add(ref dot20, ref dot21, first, second, Spread(row2 + i));
            Add(ref dot30, ref dot31, first, second, Spread(row3 + i));
        }

        byte* terms = block + (length * Lanes);
        Finish(terms, dot00, dot01, rows, 0, distances);
        Finish(terms, dot10, dot11, rows, 1, distances + Lanes);
        Finish(terms, dot20, dot21, rows, 2, distances + (2 * Lanes));
        Finish(terms, dot30, dot31, rows, 3, distances + (3 * Lanes));
    }

    /// <summary>The queries of a block against four rows of 4-bit codes; writes sixteen floats for each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void NibbleDistances(byte* block, RowGroup* rows, int length, float* distances)
    {
        const int HalfGroup = NibbleKernel.Granularity / 2;
        byte* row0 = (*rows)[0];
        byte* row1 = (*rows)[1];
        byte* row2 = (*rows)[2];
        byte* row3 = (*rows)[3];
        Vector256<int> dot00 = default, dot01 = default, dot10 = default, dot11 = default;
        Vector256<int> dot20 = default, dot21 = default, dot30 = default, dot31 = default;
        byte* queries = block;
        // A group has its first half in the low halves of its bytes, and its second in the high ones.
        for (nint group = 0; group < length / 2; group += HalfGroup, queries += HalfGroup * Lanes)
        {
            for (nint i = group; i < group + HalfGroup; i += Step, queries += StepBytes)
            {
                Vector256<sbyte> first = Vector256.Load((sbyte*)queries);
                Vector256<sbyte> second = Vector256.Load((sbyte*)queries + (StepBytes / 2));
                Add(ref dot00, ref dot01, first, second, NibbleKernel.Low(Spread(row0 + i)));
                Add(ref dot10, ref dot11, first, second, NibbleKernel.Low(Spread(row1 + i)));
                Add(ref dot20, ref dot21, first, second, NibbleKernel.Low(Spread(row2 + i)));
                Add(ref dot30, ref dot31, first, second, NibbleKernel.Low(Spread(row3 + i)));
                first = Vector256.Load((sbyte*)queries + (HalfGroup * Lanes));
                second = Vector256.Load((sbyte*)queries + (HalfGroup * Lanes) + (StepBytes / 2));
                Add(ref dot00, ref dot01, first, second, NibbleKernel.High(Spread(row0 + i)));
                Add(ref dot10, ref dot11, first, second, NibbleKernel.High(Spread(row1 + i)));
                Add(ref dot20, ref dot21, first, second, NibbleKernel.High(Spread(row2 + i)));
                Add(ref dot30, ref dot31, first, second, NibbleKernel.High(Spread(row3 + i)));
            }
        }

        byte* terms = block + (length * Lanes);
        Finish(terms, dot00 + dot00, dot01 + dot01, rows, 0, distances);
        Finish(terms, dot10 + dot10, dot11 + dot11, rows, 1, distances + Lanes);
        Finish(terms, dot20 + dot20, dot21 + dot21, rows, 2, distances + (2 * Lanes));
        Finish(terms, dot30 + dot30, dot31 + dot31, rows, 3, distances + (3 * Lanes));
    }

    private static void SetTerms(byte* block, int lane, byte* query, int length)
    {
        var terms = (QueryTerms*)(query + length);
        float* weights = (float*)(block + (length * Lanes));
        weights[lane] = terms->Weight;
        weights[Lanes + lane] = terms->Constant;
        weights[(2 * Lanes) + lane] = terms->SquaresFactor;
        ((int*)weights)[(3 * Lanes) + lane] = terms->Bias;
    }

    // Four codes of each query beside each other, then the next four.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(Vector128<byte> query0, Vector128<byte> query1, Vector128<byte> query2, Vector128<byte> query3, int* at)
    {
        Vector128<long> lower01 = Sse2.UnpackLow(query0.AsInt32(), query1.AsInt32()).AsInt64();
        Vector128<long> lower23 = Sse2.UnpackLow(query2.AsInt32(), query3.AsInt32()).AsInt64();
        Vector128<long> upper01 = Sse2.UnpackHigh(query0.AsInt32(), query1.AsInt32()).AsInt64();
        Vector128<long> upper23 = Sse2.UnpackHigh(query2.AsInt32(), query3.AsInt32()).AsInt64();
        Sse2.UnpackLow(lower01, lower23).AsInt32().Store(at);
        Sse2.UnpackHigh(lower01, lower23).AsInt32().Store(at + Lanes);
        Sse2.UnpackLow(upper01, upper23).AsInt32().Store(at + (2 * Lanes));
        Sse2.UnpackHigh(upper01, upper23).AsInt32().Store(at + (3 * Lanes));
    }

    // The same for all queries of one kind of distance.
    private static float SquaresFactor(byte* block, int length) => ((float*)(block + (length * Lanes)))[2 * Lanes];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Spread(byte* codes) => Vector256.Create(*(uint*)codes).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(
        ref Vector256<int> dots0, ref Vector256<int> dots1, Vector256<sbyte> queries0, Vector256<sbyte> queries1, Vector256<byte> codes)
    {
        dots0 = CodeArithmetic.Add(dots0, codes, queries0);
        dots1 = CodeArithmetic.Add(dots1, codes, queries1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(byte* terms, Vector256<int> dots0, Vector256<int> dots1, RowGroup* rows, int row, float* distances)
    {
        FinishHalf((float*)terms, dots0, rows->Weights[row], rows->Constants[row], distances);
        FinishHalf((float*)terms + Half, dots1, rows->Weights[row], rows->Constants[row], distances + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FinishHalf(float* terms, Vector256<int> dots, float weight, float constant, float* distances)
    {
        Vector256<float> constants = Vector256.Load(terms + Lanes) + Vector256.Create(constant);
        Vector256<float> products = Vector256.ConvertToSingle(dots - Vector256.Load((int*)terms + (3 * Lanes)));
        (constants - (Vector256.Load(terms) * Vector256.Create(weight) * products)).Store(distances);
    }
}
