using System.Diagnostics.CodeAnalysis;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.Rpc;

internal static class AttributeMapper
{
    private const long NanosecondsPerTick = 100;

    // The years 1 to 9999, the span of google.protobuf.Timestamp.
    private const long FirstSecond = -62_135_596_800;
    private const long LastSecond = 253_402_300_799;

    /// <param name="field">Of the map, as in <c>attributes</c>.</param>
    public static IReadOnlyDictionary<string, AttributeValue> ToModel(MapField<string, Wire.Value> attributes, string field, Faults faults)
    {
        if (attributes.Count == 0)
        {
            return Point.NoAttributes;
        }

        Dictionary<string, AttributeValue> model = new(attributes.Count, StringComparer.Ordinal);
        foreach ((string name, Wire.Value value) in attributes)
        {
            if (!TryToModel(value, out AttributeValue attribute, out string? fault))
            {
                faults.Add($"{field}[\"{name}\"]", fault);
            }

            model.Add(name, attribute);
        }

        return model;
    }

    public static AttributeValue ToModel(Wire.Value? value, string field, Faults faults)
    {
        if (!TryToModel(value, out AttributeValue attribute, out string? fault))
        {
            faults.Add(field, fault);
        }

        return attribute;
    }

    public static GeoPoint ToModel(Wire.GeoPoint place) => new(place.Latitude, place.Longitude);

    public static void ToWire(IReadOnlyDictionary<string, AttributeValue> attributes, MapField<string, Wire.Value> wire)
    {
        foreach ((string name, AttributeValue value) in attributes)
        {
            wire.Add(name, ToWire(value));
        }
    }

    private static bool TryToModel(
        Wire.Value? value, out AttributeValue attribute, [NotNullWhen(false)] out string? fault)
    {
        fault = null;
        switch (value?.KindCase)
        {
            case Wire.Value.KindOneofCase.StringValue:
                attribute = AttributeValue.Of(value.StringValue);
                break;
            case Wire.Value.KindOneofCase.IntValue:
                attribute = AttributeValue.Of(value.IntValue);
                break;
            case Wire.Value.KindOneofCase.DoubleValue:
                attribute = AttributeValue.Of(value.DoubleValue);
                break;
            case Wire.Value.KindOneofCase.BoolValue:
                attribute = AttributeValue.Of(value.BoolValue);
                break;
            case Wire.Value.KindOneofCase.TimestampValue when IsInstant(value.TimestampValue):
                attribute = AttributeValue.Of(Instant(value.TimestampValue));
                break;
            case Wire.Value.KindOneofCase.TimestampValue:
                attribute = default;
                fault = "is not an instant of the years 1 to 9999 with 0 to 999,999,999 nanoseconds";
                break;
            case Wire.Value.KindOneofCase.StringList:
                attribute = AttributeValue.Of([.. value.StringList.Values]);
                break;
            case Wire.Value.KindOneofCase.IntList:
                attribute = AttributeValue.Of([.. value.IntList.Values]);
                break;
            case Wire.Value.KindOneofCase.GeoPoint:
                attribute = AttributeValue.Of(ToModel(value.GeoPoint));
                break;
            default:
                attribute = default;
                fault = "has no value; set one of its kinds";
                break;
        }

        return fault is null;
    }

    public static Wire.Value ToWire(AttributeValue value)
    {
        switch (value.Kind)
        {
            case AttributeKind.String:
                return new Wire.Value { StringValue = value.AsString() };
            case AttributeKind.Int64:
                return new Wire.Value { IntValue = value.AsInt64() };
            case AttributeKind.Double:
                return new Wire.Value { DoubleValue = value.AsDouble() };
            case AttributeKind.Bool:
                return new Wire.Value { BoolValue = value.AsBool() };
            case AttributeKind.Timestamp:
                return new Wire.Value { TimestampValue = Timestamp.FromDateTimeOffset(value.AsTimestamp()) };
            case AttributeKind.StringList:
                Wire.StringList strings = new();
                strings.Values.AddRange(value.AsStringList());
                return new Wire.Value { StringList = strings };
            case AttributeKind.Int64List:
                Wire.IntList integers = new();
                integers.Values.AddRange(value.AsInt64List());
                return new Wire.Value { IntList = integers };
            case AttributeKind.GeoPoint:
                GeoPoint place = value.AsGeoPoint();
                return new Wire.Value { GeoPoint = new Wire.GeoPoint { Latitude = place.Latitude, Longitude = place.Longitude } };
            default:
                throw new ArgumentOutOfRangeException(nameof(value), value.Kind, "An attribute of this kind has no wire form.");
        }
    }

    private static bool IsInstant(Timestamp timestamp) =>
        timestamp is { Seconds: >= FirstSecond and <= LastSecond, Nanos: >= 0 and <= 999_999_999 };

    private static DateTimeOffset Instant(Timestamp timestamp) =>
        DateTimeOffset.UnixEpoch.AddTicks((timestamp.Seconds * TimeSpan.TicksPerSecond) + (timestamp.Nanos / NanosecondsPerTick));
}
