namespace AnnServer.Engine.Model;

/// <summary>What the graph is walked on. Vectors are kept whole either way, and results are ordered by them.</summary>
public enum Quantization
{
    /// <summary>The vectors themselves.</summary>
    None = 0,

    /// <summary>8-bit codes, each vector with its own step: a quarter of the bytes on the way, for as many more in memory.</summary>
    Int8 = 1,

    /// <summary>Decided when the collection is created: 8-bit codes, unless vectors are so short that codes save no cache line.</summary>
    Automatic = 2,
}
