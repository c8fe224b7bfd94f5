using System.Runtime.CompilerServices;
using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <summary>Distances on 4-bit codes. A vector that comes as a query has 8-bit codes; only rows have the error of 4 bits.</summary>
internal readonly unsafe struct NibbleRows : IRowSpace
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Row(GraphStore store, uint ordinal) => store.Code(ordinal);

    public static int UsedBytes(GraphStore store) => NibbleKernel.RowBytes(store.CodeLength);

    public static byte* Query(GraphStore store, ReadOnlySpan<float> vector, AlignedBuffer<byte> buffer)
    {
        int length = store.CodeLength;
        int floats = length * sizeof(float);
        buffer.EnsureLength(floats + NibbleKernel.QueryBytes(length));
        var rotated = (float*)buffer.Pointer;
        store.LoadRotated(vector, rotated);
        byte* query = buffer.Pointer + floats;
        NibbleKernel.Prepare(new ReadOnlySpan<float>(rotated, length), store.Parameters.Distance, query);
        return query;
    }

    public static byte* QueryOf(GraphStore store, byte* row, AlignedBuffer<byte> buffer)
    {
        buffer.EnsureLength(NibbleKernel.QueryBytes(store.CodeLength));
        NibbleKernel.Prepare(row, store.Parameters.Distance, buffer.Pointer, store.CodeLength);
        return buffer.Pointer;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(GraphStore store, byte* query, byte* row) => NibbleKernel.Distance(query, row, store.CodeLength);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Distance4(GraphStore store, byte* query, byte* row0, byte* row1, byte* row2, byte* row3, float* distances) =>
        NibbleKernel.Distance4(query, row0, row1, row2, row3, store.CodeLength, distances);

    public static int BlockBytes(GraphStore store) => QueryBlock.Bytes(store.CodeLength);

    public static void SetInBlock(GraphStore store, byte* block, int lane, byte* query) => QueryBlock.Set(block, lane, query, store.CodeLength);

    public static void SetTerms(GraphStore store, byte* block, RowGroup* rows) => QueryBlock.SetNibbleTerms(block, rows, store.CodeLength);

    public static void BlockDistances(GraphStore store, byte* block, int lanes, RowGroup* rows, float* distances) =>
        QueryBlock.NibbleDistances(block, rows, store.CodeLength, distances);
}
