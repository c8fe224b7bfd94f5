using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;

namespace AnnServer.Core.Graph;

/// <summary>What a walk computes distances on: the vectors or their codes. Smaller is nearer.</summary>
internal unsafe interface IRowSpace
{
    static abstract byte* Row(GraphStore store, uint ordinal);

    /// <summary>Bytes of a row that a distance reads.</summary>
    static abstract int UsedBytes(GraphStore store);

    /// <summary>
    /// A vector as the query of the distances below. It lies in the buffer, which is in use until the query is not.
    /// </summary>
    static abstract byte* Query(GraphStore store, ReadOnlySpan<float> vector, AlignedBuffer<byte> buffer);

    /// <summary>A row as the query: itself, or made ready in the buffer.</summary>
    static abstract byte* QueryOf(GraphStore store, byte* row, AlignedBuffer<byte> buffer);

    static abstract float Distance(GraphStore store, byte* query, byte* row);

    /// <summary>One query against four rows; writes four floats.</summary>
    static abstract void Distance4(GraphStore store, byte* query, byte* row0, byte* row1, byte* row2, byte* row3, float* distances);

    /// <summary>Bytes of a block of <see cref="QueryBlock.Lanes"/> queries.</summary>
    static abstract int BlockBytes(GraphStore store);

    /// <summary>Makes a query one of a block.</summary>
    static abstract void SetInBlock(GraphStore store, byte* block, int lane, byte* query);

    /// <summary>Makes four rows ready to be compared with a block, and with any other.</summary>
    static abstract void SetTerms(GraphStore store, byte* block, RowGroup* rows);

    /// <summary>
    /// The first <paramref name="lanes"/> queries of a block against four rows that were made ready; writes
    /// <see cref="QueryBlock.Lanes"/> floats for each row. Those of other lanes are of no matter.
    /// </summary>
    static abstract void BlockDistances(GraphStore store, byte* block, int lanes, RowGroup* rows, float* distances);
}
