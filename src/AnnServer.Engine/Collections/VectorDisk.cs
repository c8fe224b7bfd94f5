using AnnServer.Core.Graph;
using AnnServer.Core.Memory;
using AnnServer.Engine.Checkpoints;
using AnnServer.Storage.Pages;

namespace AnnServer.Engine.Collections;

/// <summary>
/// Where collections have the vectors that they keep on disk: in the page store, from the first checkpoint after they were written on.
/// Until then they are in memory, of which all collections together have so much.
/// </summary>
internal sealed class VectorDisk(PageImages images, MemoryBudget memory)
{
    public MemoryBudget Memory => memory;

    public PageImages Images => images;

    /// <summary>Those of one collection.</summary>
    public VectorsOnDisk Of(uint collection) => new(new Source(images, collection), memory);

    private sealed class Source(PageImages images, uint collection) : IVectorSource
    {
        public bool TryRead(ReadOnlySpan<uint> ordinals, ReadOnlySpan<long> places, Span<byte> vectors) =>
            images.TryRead(collection, (byte)PageKind.Vector, ordinals, places, vectors);
    }
}
