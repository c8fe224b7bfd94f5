using System.Numerics;
using System.Runtime.CompilerServices;
using AnnServer.Core.Filtering;
using AnnServer.Core.Kernels;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <content>Many queries over the same rows (Mohoney et al., High-throughput vector similarity search in knowledge graphs, SIGMOD 2023).</content>
internal static unsafe partial class HnswSearcher<TRows>
{
    // Rows that are fetched while as many are compared.
    private const int Fetched = 64;

    /// <summary>
    /// Compares every accepted node with all queries, which have their blocks: each row is fetched once for all of them. False when cancelled.
    /// </summary>
    /// <param name="movable">The rows are vectors that need not be in memory.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool SearchShared(
        GraphStore store, SharedQueries queries, OrdinalWords accept, bool movable, SearchScratch scratch, CancellationToken cancellation)
    {
        uint* ordinals = stackalloc uint[2 * Fetched];
        uint* last = ordinals + Fetched;
        int lastCount = 0;
        int filled = 0;
        long compared = 0;
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

                if (filled == Fetched)
                {
                    // Those before: these are on their way meanwhile.
                    Compare(store, queries, last, lastCount, movable, scratch);
                    uint* others = last;
                    last = ordinals;
                    ordinals = others;
                    lastCount = filled;
                    compared += filled;
                    filled = 0;
                    if (cancellation.IsCancellationRequested)
                    {
                        return false;
                    }
                }
            }
        }

        Compare(store, queries, last, lastCount, movable, scratch);
        Compare(store, queries, ordinals, filled, movable, scratch);
        for (int i = 0; i < queries.Count; i++)
        {
            queries.SetCounts(i, compared + filled, 0);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Compare(GraphStore store, SharedQueries queries, uint* ordinals, int count, bool movable, SearchScratch scratch)
    {
        if (count == 0)
        {
            return;
        }

        if (movable)
        {
            store.CopyVectors(new ReadOnlySpan<uint>(ordinals, count), scratch.Rows, scratch.Vector);
        }

        RowGroup* groups = stackalloc RowGroup[Fetched / RowGroup.Count];
        SetGroups(store, queries.Block(0), ordinals, count, movable ? scratch.Rows.Pointer : null, groups);
        float* distances = stackalloc float[RowGroup.Count * QueryBlock.Lanes];
        for (int block = 0; block < queries.BlockCount; block++)
        {
            byte* side = queries.Block(block);
            int first = block * QueryBlock.Lanes;
            int lanes = Math.Min(QueryBlock.Lanes, queries.Count - first);
            for (int i = 0; i < count; i += RowGroup.Count)
            {
                TRows.BlockDistances(store, side, lanes, groups + (i / RowGroup.Count), distances);
                for (int row = 0; row < Math.Min(RowGroup.Count, count - i); row++)
                {
                    Admit(queries, first, distances + (row * QueryBlock.Lanes), ordinals[i + row]);
                }
            }
        }
    }

    /// <summary>Puts rows together by four and makes them ready for the blocks; the last stands for those that are missing to four.</summary>
    /// <param name="copies">The rows one after another, where they are not used in their places.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SetGroups(GraphStore store, byte* block, uint* ordinals, int count, byte* copies, RowGroup* groups)
    {
        for (int first = 0; first < count; first += RowGroup.Count, groups++)
        {
            for (int row = 0; row < RowGroup.Count; row++)
            {
                int at = Math.Min(first + row, count - 1);
                (*groups)[row] = copies != null ? copies + ((long)at * store.VectorBytes) : TRows.Row(store, ordinals[at]);
            }

            TRows.SetTerms(store, block, groups);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Admit(SharedQueries queries, int first, float* distances, uint ordinal)
    {
        for (uint nearer = SharedQueries.Nearer(distances, queries.Worst + first); nearer != 0; nearer &= nearer - 1)
        {
            int lane = BitOperations.TrailingZeroCount(nearer);
            queries.Insert(first + lane, distances[lane], ordinal);
        }
    }
}
