using System.Runtime.CompilerServices;
using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <summary>Distances on 8-bit codes.</summary>
internal readonly unsafe struct CodeRows : IRowSpace
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Row(GraphStore store, uint ordinal) => store.Code(ordinal);

    public static int UsedBytes(GraphStore store) => store.CodeLength;

    public static byte* Query(GraphStore store, ReadOnlySpan<float> vector, AlignedBuffer<byte> buffer)
    {
        int bytes = CodeKernel.QueryBytes(store.CodeLength);
        buffer.EnsureLength(bytes + store.CodeLength);
        byte* row = buffer.Pointer + bytes;
        CodeKernel.Encode(vector, store.Parameters.Distance, row, store.CodeLength);
        CodeKernel.Prepare(row, store.Parameters.Distance, buffer.Pointer, store.CodeLength);
        return buffer.Pointer;
    }

    public static byte* QueryOf(GraphStore store, byte* row, AlignedBuffer<byte> buffer)
    {
        buffer.EnsureLength(CodeKernel.QueryBytes(store.CodeLength));
        CodeKernel.Prepare(row, store.Parameters.Distance, buffer.Pointer, store.CodeLength);
        return buffer.Pointer;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(GraphStore store, byte* query, byte* row) => CodeKernel.Distance(query, row, store.CodeLength);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Distance4(GraphStore store, byte* query, byte* row0, byte* row1, byte* row2, byte* row3, float* distances) =>
        CodeKernel.Distance4(query, row0, row1, row2, row3, store.CodeLength, distances);

    public static int BlockBytes(GraphStore store) => QueryBlock.Bytes(store.CodeLength);

    public static void SetInBlock(GraphStore store, byte* block, int lane, byte* query) => QueryBlock.Set(block, lane, query, store.CodeLength);

    public static void SetTerms(GraphStore store, byte* block, RowGroup* rows) => QueryBlock.SetCodeTerms(block, rows, store.CodeLength);

    public static void BlockDistances(GraphStore store, byte* block, int lanes, RowGroup* rows, float* distances) =>
        QueryBlock.CodeDistances(block, rows, store.CodeLength, distances);
}
