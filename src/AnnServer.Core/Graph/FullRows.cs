using System.Runtime.CompilerServices;
using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <summary>Distances on the vectors themselves.</summary>
internal readonly unsafe struct FullRows<TKernel> : IRowSpace
    where TKernel : struct, IDistanceKernel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Row(GraphStore store, uint ordinal) => (byte*)store.Vector(ordinal);

    public static int UsedBytes(GraphStore store) => store.VectorBytes;

    public static byte* Query(GraphStore store, byte* row, AlignedBuffer<byte> buffer) => row;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(GraphStore store, byte* query, byte* row) => TKernel.Distance((float*)query, (float*)row, store.Length);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Distance4(GraphStore store, byte* query, byte* row0, byte* row1, byte* row2, byte* row3, float* distances) =>
        TKernel.Distance4((float*)query, (float*)row0, (float*)row1, (float*)row2, (float*)row3, store.Length, distances);
}
