using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AnnServer.Core.Filtering;
using AnnServer.Core.Kernels;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <content>Many queries over the same rows (Mohoney et al., High-throughput vector similarity search in knowledge graphs, SIGMOD 2023).</content>
internal static unsafe partial class HnswSearcher<TRows>
{
    private const int RowsAtOnce = 4;

    /// <summary>
    /// Compares every accepted node with all queries: each row is fetched once for all of them. False when cancelled.
    /// </summary>
    /// <param name="movable">The rows are vectors that need not be in memory.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool SearchShared(
        GraphStore store, SharedQueries queries, OrdinalWords accept, bool movable, SearchScratch scratch, CancellationToken cancellation)
    {
        const int Batch = 64;
        uint* ordinals = stackalloc uint[Batch];
        int filled = 0;
        for (int word = 0; word < accept.WordCount; word++)
        {
            for (ulong rest = accept.Word(word); rest != 0; rest &= rest - 1)
            {
                uint ordinal = (uint)(word << 6) + (uint)BitOperations.TrailingZeroCount(rest);
                ordinals[filled++] = ordinal;
                if (!movable)
                {
                    PrefetchRow(store, ordinal);
                }

                if (filled == Batch)
                {
                    Compare(store, queries, ordinals, filled, movable, scratch);
                    filled = 0;
                    if (cancellation.IsCancellationRequested)
                    {
                        return false;
                    }
                }
            }
        }

        Compare(store, queries, ordinals, filled, movable, scratch);
        return true;
    }

    private static void Compare(GraphStore store, SharedQueries queries, uint* ordinals, int count, bool movable, SearchScratch scratch)
    {
        if (movable)
        {
            store.CopyVectors(new ReadOnlySpan<uint>(ordinals, count), scratch.Rows, scratch.Vector);
        }

        float* distances = stackalloc float[RowsAtOnce * QueryBlock.Lanes];
        for (int block = 0; block < queries.BlockCount; block++)
        {
            byte* side = queries.Block(block);
            int first = block * QueryBlock.Lanes;
            int lanes = Math.Min(QueryBlock.Lanes, queries.Count - first);
            for (int i = 0; i < count; i += RowsAtOnce)
            {
                // The last rows, where there are not four, stand for those that are missing.
                int rows = Math.Min(RowsAtOnce, count - i);
                TRows.BlockDistances(
                    store, side, lanes, RowOf(i), RowOf(i + Math.Min(1, rows - 1)), RowOf(i + Math.Min(2, rows - 1)), RowOf(i + rows - 1), distances);
                for (int row = 0; row < rows; row++)
                {
                    Admit(queries, first, distances + (row * QueryBlock.Lanes), ordinals[i + row]);
                }
            }
        }

        byte* RowOf(int at) => movable ? scratch.Rows.Pointer + ((long)at * store.VectorBytes) : TRows.Row(store, ordinals[at]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Admit(SharedQueries queries, int first, float* distances, uint ordinal)
    {
        Vector512<float> worst = Vector512.Load(queries.Worst + first);
        for (ulong nearer = Vector512.LessThan(Vector512.Load(distances), worst).ExtractMostSignificantBits(); nearer != 0; nearer &= nearer - 1)
        {
            int lane = BitOperations.TrailingZeroCount(nearer);
            queries.Insert(first + lane, distances[lane], ordinal);
        }
    }
}
