namespace AnnServer.Core.Graph;

/// <summary>What a graph is built and walked on.</summary>
public enum CodeKind
{
    /// <summary>The vectors themselves.</summary>
    None,

    /// <summary>8-bit codes, a quarter of the bytes of floats.</summary>
    Int8,

    /// <summary>4-bit codes of the rotated vectors, an eighth of the bytes. For long vectors: their error falls with the dimension.</summary>
    Int4,
}
