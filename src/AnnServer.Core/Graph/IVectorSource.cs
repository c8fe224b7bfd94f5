namespace AnnServer.Core.Graph;

/// <summary>Vectors of one index that are not in memory, by the place that each was moved to. Called on any number of threads.</summary>
public interface IVectorSource
{
    /// <summary>Reads vectors, all at once rather than one after another.</summary>
    /// <param name="places">As many as ordinals.</param>
    /// <param name="vectors">Room for the bytes of all, one after another, as <see cref="VectorIndex.TryCopyKept"/> copies them.</param>
    /// <returns>False where a place is gone: the vector has moved on meanwhile.</returns>
    /// <exception cref="IOException">They cannot be read, or what is there is not what was written.</exception>
    bool TryRead(ReadOnlySpan<uint> ordinals, ReadOnlySpan<long> places, Span<byte> vectors);
}
