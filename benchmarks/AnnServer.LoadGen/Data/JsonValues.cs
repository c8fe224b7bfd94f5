using System.Text.Json;
using AnnServer.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using Value = AnnServer.Protocol.V1.Value;

namespace AnnServer.LoadGen.Data;

/// <summary>Reads attribute values from JSON. The declared type decides where JSON leaves it open.</summary>
internal static class JsonValues
{
    public static Value Read(JsonElement json, AttributeType declared = AttributeType.Unspecified) => json.ValueKind switch
    {
        JsonValueKind.String when declared == AttributeType.Timestamp => new Value
        {
            TimestampValue = Timestamp.FromDateTimeOffset(json.GetDateTimeOffset()),
        },
        JsonValueKind.String => new Value { StringValue = json.GetString() },
        JsonValueKind.True => new Value { BoolValue = true },
        JsonValueKind.False => new Value { BoolValue = false },
        JsonValueKind.Number => Number(json, declared),
        JsonValueKind.Array => List(json, declared),
        JsonValueKind.Object => new Value { GeoPoint = Place(json) },
        _ => throw new FormatException($"'{json.GetRawText()}' has no counterpart among attribute values."),
    };

    private static GeoPoint Place(JsonElement json) =>
        json.TryGetProperty("latitude", out JsonElement latitude) && json.TryGetProperty("longitude", out JsonElement longitude)
            ? new GeoPoint { Latitude = latitude.GetDouble(), Longitude = longitude.GetDouble() }
            : throw new FormatException($"'{json.GetRawText()}' is not of the form {{\"latitude\": 52.5, \"longitude\": 13.4}}.");

    private static Value Number(JsonElement json, AttributeType declared)
    {
        if (declared != AttributeType.Double && json.TryGetInt64(out long whole))
            return new Value { IntValue = whole };
        return new Value { DoubleValue = json.GetDouble() };
    }

    private static Value List(JsonElement json, AttributeType declared)
    {
        bool ofNumbers = declared == AttributeType.Int64List
            || (declared == AttributeType.Unspecified && json.GetArrayLength() > 0 && json[0].ValueKind == JsonValueKind.Number);
        Value value = ofNumbers ? new Value { IntList = new IntList() } : new Value { StringList = new StringList() };
        foreach (JsonElement item in json.EnumerateArray())
        {
            if (ofNumbers)
                value.IntList.Values.Add(item.GetInt64());
            else
                value.StringList.Values.Add(item.GetString() ?? throw new FormatException("A list of keywords has a null in it."));
        }
        return value;
    }
}
