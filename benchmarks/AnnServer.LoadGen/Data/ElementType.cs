namespace AnnServer.LoadGen.Data;

/// <summary>The stored element of a vector file, by its extension.</summary>
internal enum ElementType
{
    UInt8,
    Float16,
    Float32,
    Int32,
}
