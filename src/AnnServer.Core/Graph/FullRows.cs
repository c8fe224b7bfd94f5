using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <summary>Distances on the vectors themselves, floats or halves. A query is floats either way.</summary>
internal readonly unsafe struct FullRows<TKernel, TElement> : IRowSpace
    where TKernel : struct, IDistanceKernel
    where TElement : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Row(GraphStore store, uint ordinal) => store.Vector(ordinal);

    public static int UsedBytes(GraphStore store) => store.VectorBytes;

    public static byte* Query(GraphStore store, ReadOnlySpan<float> vector, AlignedBuffer<byte> buffer)
    {
        buffer.EnsureLength(QueryBytes(store));
        store.LoadQuery(vector, (float*)buffer.Pointer);
        return buffer.Pointer;
    }

    public static byte* QueryOf(GraphStore store, byte* row, AlignedBuffer<byte> buffer)
    {
        if (typeof(TElement) != typeof(Half))
        {
            return row;
        }

        int length = store.Length;
        buffer.EnsureLength((length + 1) * sizeof(float));
        var query = new Span<float>(buffer.Pointer, length + 1);
        TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(row, length), query);
        if (store.HasScale)
        {
            query[length] = *(float*)((Half*)row + length);
        }

        return buffer.Pointer;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(GraphStore store, byte* query, byte* row) =>
        TKernel.Distance((float*)query, (TElement*)row, store.Length);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Distance4(GraphStore store, byte* query, byte* row0, byte* row1, byte* row2, byte* row3, float* distances) =>
        TKernel.Distance4((float*)query, (TElement*)row0, (TElement*)row1, (TElement*)row2, (TElement*)row3, store.Length, distances);

    public static int BlockBytes(GraphStore store) => QueryBlock.Lanes * QueryBytes(store);

    public static void SetInBlock(GraphStore store, byte* block, int lane, byte* query) =>
        Unsafe.CopyBlockUnaligned(block + (lane * QueryBytes(store)), query, (uint)QueryBytes(store));

    // The scale of a row lies behind it, where the kernel needs it.
    public static void SetTerms(GraphStore store, byte* block, RowGroup* rows)
    {
    }

    // One query after another: at a float an element it is the products that take the time, not what is made of their sums.
    public static void BlockDistances(GraphStore store, byte* block, int lanes, RowGroup* rows, float* distances)
    {
        float* four = stackalloc float[4];
        for (int lane = 0; lane < lanes; lane++)
        {
            Distance4(store, block + (lane * QueryBytes(store)), (*rows)[0], (*rows)[1], (*rows)[2], (*rows)[3], four);
            for (int row = 0; row < 4; row++)
            {
                distances[(row * QueryBlock.Lanes) + lane] = four[row];
            }
        }
    }

    // The elements and the scale.
    private static int QueryBytes(GraphStore store) => (store.Length + 1) * sizeof(float);
}
