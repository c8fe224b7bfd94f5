using System.Runtime.CompilerServices;
using AnnServer.Core.Kernels;

namespace AnnServer.Core.Graph;

/// <summary>Distances on 8-bit codes.</summary>
internal readonly unsafe struct CodeRows : IRowSpace
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Row(GraphStore store, uint ordinal) => store.Code(ordinal);

    public static int UsedBytes(GraphStore store) => store.CodeLength + CodeKernel.HeaderBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(GraphStore store, byte* a, byte* b) => CodeKernel.Distance(a, b, store.CodeLength);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Distance4(GraphStore store, byte* query, byte* row0, byte* row1, byte* row2, byte* row3, float* distances) =>
        CodeKernel.Distance4(query, row0, row1, row2, row3, store.CodeLength, distances);
}
