using AnnServer.Engine.Model;

namespace AnnServer.Engine.Attributes;

/// <summary>Types and kinds as faults name them.</summary>
internal static class TypeNames
{
    public static string Of(AttributeType type) => type switch
    {
        AttributeType.Keyword => "KEYWORD",
        AttributeType.Int64 => "INT64",
        AttributeType.Double => "DOUBLE",
        AttributeType.Bool => "BOOL",
        AttributeType.Timestamp => "TIMESTAMP",
        AttributeType.KeywordList => "KEYWORD_LIST",
        AttributeType.Int64List => "INT64_LIST",
        AttributeType.GeoPoint => "GEO_POINT",
        AttributeType.Text => "TEXT",
        _ => $"type {(int)type}",
    };

    public static string Of(AttributeKind kind) => kind switch
    {
        AttributeKind.None => "no value",
        AttributeKind.String => "a string",
        AttributeKind.Int64 => "an int64",
        AttributeKind.Double => "a double",
        AttributeKind.Bool => "a bool",
        AttributeKind.Timestamp => "a timestamp",
        AttributeKind.StringList => "a list of strings",
        AttributeKind.Int64List => "a list of int64",
        AttributeKind.GeoPoint => "a geo point",
        _ => $"kind {(byte)kind}",
    };
}
