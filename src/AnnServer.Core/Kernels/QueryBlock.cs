using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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

    /// <summary>Rows that are compared with a block at once.</summary>
    public const int Rows = 4;

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

        var terms = (QueryTerms*)(query + length);
        float* weights = (float*)(block + (length * Lanes));
        weights[lane] = terms->Weight;
        weights[Lanes + lane] = terms->Constant;
        weights[(2 * Lanes) + lane] = terms->SquaresFactor;
        ((int*)weights)[(3 * Lanes) + lane] = terms->Bias;
    }

    /// <summary>The queries of a block against four rows of 8-bit codes; writes sixteen floats for each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CodeDistances(byte* block, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances)
    {
        // Before the sums: whatever is called after the loop would have them spilled in it.
        byte* terms = block + (length * Lanes);
        float* rows = stackalloc float[2 * Rows];
        CodeTerms(terms, row0, length, rows);
        CodeTerms(terms, row1, length, rows + 2);
        CodeTerms(terms, row2, length, rows + 4);
        CodeTerms(terms, row3, length, rows + 6);
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

        Finish(terms, dot00, dot01, rows, distances);
        Finish(terms, dot10, dot11, rows + 2, distances + Lanes);
        Finish(terms, dot20, dot21, rows + 4, distances + (2 * Lanes));
        Finish(terms, dot30, dot31, rows + 6, distances + (3 * Lanes));
    }

    /// <summary>The queries of a block against four rows of 4-bit codes; writes sixteen floats for each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void NibbleDistances(byte* block, byte* row0, byte* row1, byte* row2, byte* row3, int length, float* distances)
    {
        const int HalfGroup = NibbleKernel.Granularity / 2;
        // Before the sums: whatever is called after the loop would have them spilled in it.
        byte* terms = block + (length * Lanes);
        float* rows = stackalloc float[2 * Rows];
        NibbleTerms(terms, row0, length, rows);
        NibbleTerms(terms, row1, length, rows + 2);
        NibbleTerms(terms, row2, length, rows + 4);
        NibbleTerms(terms, row3, length, rows + 6);
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

        Finish(terms, dot00 + dot00, dot01 + dot01, rows, distances);
        Finish(terms, dot10 + dot10, dot11 + dot11, rows + 2, distances + Lanes);
        Finish(terms, dot20 + dot20, dot21 + dot21, rows + 4, distances + (2 * Lanes));
        Finish(terms, dot30 + dot30, dot31 + dot31, rows + 6, distances + (3 * Lanes));
    }

    // The weight of a row and what its squares add to every distance, in the order of the other kernels, so that the bits are the same.
    private static void CodeTerms(byte* terms, byte* row, int length, float* written)
    {
        float weight = CodeArithmetic.Weight(CodeArithmetic.Bits(row));
        float factor = ((float*)terms)[2 * Lanes];
        written[0] = weight;
        written[1] = factor != 0 ? factor * weight * weight * CodeKernel.Squares(row, length) : 0;
    }

    private static void NibbleTerms(byte* terms, byte* row, int length, float* written)
    {
        float weight = NibbleKernel.Weight(row);
        float factor = ((float*)terms)[2 * Lanes];
        written[0] = weight;
        written[1] = factor != 0 ? factor * weight * weight * NibbleKernel.Squares(row, length) : 0;
    }

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
    private static void Finish(byte* terms, Vector256<int> dots0, Vector256<int> dots1, float* row, float* distances)
    {
        FinishHalf((float*)terms, dots0, row, distances);
        FinishHalf((float*)terms + Half, dots1, row, distances + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FinishHalf(float* terms, Vector256<int> dots, float* row, float* distances)
    {
        Vector256<float> constants = Vector256.Load(terms + Lanes) + Vector256.Create(row[1]);
        Vector256<float> products = Vector256.ConvertToSingle(dots - Vector256.Load((int*)terms + (3 * Lanes)));
        (constants - (Vector256.Load(terms) * Vector256.Create(row[0]) * products)).Store(distances);
    }
}
