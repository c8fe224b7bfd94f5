using AnnServer.Core.Memory;

namespace AnnServer.Engine.Collections;

/// <summary>
/// An array by ordinal that grows by whole chunks and never moves an element, so that readers need no lock. One writer at a
/// time. Elements that were never set read as the default.
/// </summary>
internal sealed class ChunkedArray<T>
{
    private const int ChunkBits = 12;
    private const int ChunkMask = (1 << ChunkBits) - 1;

    // Replaced as a whole when it grows; chunks are shared between the old and the new one.
    private volatile T[]?[] _chunks = [];

    public T? this[uint ordinal]
    {
        get
        {
            T[]?[] chunks = _chunks;
            uint chunk = ordinal >> ChunkBits;
            return chunk < (uint)chunks.Length && chunks[chunk] is { } elements ? elements[ordinal & ChunkMask] : default;
        }
    }

    /// <summary>Asks for an element that is about to be read.</summary>
    public void Prefetch(uint ordinal)
    {
        T[]?[] chunks = _chunks;
        uint chunk = ordinal >> ChunkBits;
        if (chunk < (uint)chunks.Length && chunks[chunk] is { } elements)
        {
            CacheLine.Prefetch(in elements[ordinal & ChunkMask]);
        }
    }

    public void Set(uint ordinal, T element)
    {
        int chunk = (int)(ordinal >> ChunkBits);
        T[]?[] chunks = _chunks;
        if (chunk >= chunks.Length)
        {
            Array.Resize(ref chunks, Math.Max(chunk + 1, chunks.Length * 2));
        }

        T[] elements = chunks[chunk] ??= new T[1 << ChunkBits];
        elements[ordinal & ChunkMask] = element;
        _chunks = chunks;
    }
}
