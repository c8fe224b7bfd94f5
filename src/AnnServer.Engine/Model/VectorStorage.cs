namespace AnnServer.Engine.Model;

/// <summary>How the elements of the vectors are kept in memory, and given back.</summary>
public enum VectorStorage
{
    /// <summary>As they are given.</summary>
    Float32 = 0,

    /// <summary>
    /// Rounded to 16 bits, half the bytes: 11 significant bits from 6.1e-5 on, steps of 6e-8 below, at most ±65504. Queries are
    /// not rounded.
    /// </summary>
    Float16 = 1,
}
