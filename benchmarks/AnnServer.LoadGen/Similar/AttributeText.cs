using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Similar;

/// <summary>Identifiers and attributes as a person reads them.</summary>
internal static class AttributeText
{
    public static string Of(PointId id) => id.IdCase == PointId.IdOneofCase.Num ? $"{id.Num}" : id.Key;

    /// <summary>By name, so that rows line up.</summary>
    public static string Of(IEnumerable<KeyValuePair<string, Value>> attributes) =>
        string.Join("  ", attributes.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}={Of(entry.Value)}"));

    private static string Of(Value value) => value.KindCase switch
    {
        Value.KindOneofCase.StringValue => value.StringValue,
        Value.KindOneofCase.IntValue => $"{value.IntValue}",
        Value.KindOneofCase.DoubleValue => $"{value.DoubleValue}",
        Value.KindOneofCase.BoolValue => value.BoolValue ? "true" : "false",
        Value.KindOneofCase.TimestampValue => $"{value.TimestampValue.ToDateTimeOffset():u}",
        Value.KindOneofCase.StringList => $"[{string.Join(", ", value.StringList.Values)}]",
        Value.KindOneofCase.IntList => $"[{string.Join(", ", value.IntList.Values)}]",
        Value.KindOneofCase.GeoPoint => $"({value.GeoPoint.Latitude}, {value.GeoPoint.Longitude})",
        _ => "-",
    };
}
