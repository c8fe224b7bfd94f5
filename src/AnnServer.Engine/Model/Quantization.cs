using AnnServer.Core.Graph;

namespace AnnServer.Engine.Model;

/// <summary>What the graph is walked on. Vectors are kept whole either way, and results are ordered by them.</summary>
public enum Quantization
{
    /// <summary>The vectors themselves.</summary>
    None = CodeKind.None,

    /// <summary>8-bit codes, each vector with its own step: a quarter of the bytes on the way, for as many more in memory.</summary>
    Int8 = CodeKind.Int8,

    /// <summary>4-bit codes of the rotated vectors: an eighth of the bytes. For long vectors; in short ones they cost recall.</summary>
    Int4 = CodeKind.Int4,

    /// <summary>Decided by the dimension when the collection is created; see <see cref="GraphParameters.CodesFor"/>.</summary>
    Automatic = 255,
}
