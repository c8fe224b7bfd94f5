namespace AnnServer.Engine.Attributes;

/// <summary>What an <see cref="AttributeValue"/> holds. The numbers are part of the stored format.</summary>
public enum AttributeKind : byte
{
    None = 0,
    String = 1,
    Int64 = 2,
    Double = 3,
    Bool = 4,
    Timestamp = 5,
    StringList = 6,
    Int64List = 7,
    GeoPoint = 8,
}
