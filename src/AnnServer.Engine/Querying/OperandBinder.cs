using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>Reads the values of a filter as the declared type of their attribute asks.</summary>
internal static class OperandBinder
{
    /// <summary>Numbers of either kind that are equal become the same value: an int64 wherever one can hold it.</summary>
    public static AttributeValue Normalise(AttributeValue value) =>
        value.Kind == AttributeKind.Double && Numbers.TryToInt64(value.AsDouble(), out long integer) ? AttributeValue.Of(integer) : value;

    /// <summary>Converts in place; the answer is the fault, or null.</summary>
    public static string? Bind(AttributeType? declared, string attribute, ref AttributeValue value)
    {
        switch (value.Kind)
        {
            case AttributeKind.None:
                return "there is no value to compare with";
            case AttributeKind.StringList or AttributeKind.Int64List:
                return $"{attribute} cannot be compared with a list; use in";
            case AttributeKind.GeoPoint:
                return $"{attribute} cannot be compared with a geo point; use geo_radius or geo_box";
            case AttributeKind.Double when !double.IsFinite(value.AsDouble()):
                return "a number must be finite";
            case AttributeKind.String when !Utf8Order.IsWellFormed(value.AsString()):
                return "the string has a lone surrogate";
        }

        if (declared is not AttributeType type)
        {
            value = Normalise(value);
            return null;
        }

        switch (type, value.Kind)
        {
            case (AttributeType.Keyword or AttributeType.KeywordList or AttributeType.Text, AttributeKind.String):
            case (AttributeType.Bool, AttributeKind.Bool):
            case (AttributeType.Timestamp, AttributeKind.Timestamp):
            case (AttributeType.Int64 or AttributeType.Int64List, AttributeKind.Int64):
                return null;
            case (AttributeType.Int64 or AttributeType.Int64List or AttributeType.Double, AttributeKind.Double):
                value = Normalise(value);
                return null;
            case (AttributeType.Double, AttributeKind.Int64):
                // Widened as a written value is, so that what was written is found.
                value = Normalise(AttributeValue.Of((double)value.AsInt64()));
                return null;
            case (AttributeType.Timestamp, AttributeKind.String):
                if (!Rfc3339.TryParse(value.AsString(), out DateTimeOffset instant))
                {
                    return $"{attribute} is declared TIMESTAMP, but \"{Shorten(value.AsString())}\" is no RFC 3339 time "
                        + "such as \"2024-01-31T00:00:00Z\"";
                }

                value = AttributeValue.Of(instant);
                return null;
            default:
                return $"{attribute} is declared {TypeNames.Of(type)}, but it is compared with {TypeNames.Of(value.Kind)}";
        }
    }

    /// <summary>What is wrong with asking whether a string of the attribute is like the text; null where nothing is.</summary>
    public static string? StringFault(AttributeType? declared, string attribute, string text)
    {
        if (declared is { } type and not (AttributeType.Keyword or AttributeType.KeywordList or AttributeType.Text))
        {
            return $"{attribute} is declared {TypeNames.Of(type)}, but it is compared with a string";
        }

        return Utf8Order.IsWellFormed(text) ? null : "the string has a lone surrogate";
    }

    /// <summary>The instant a string may also mean on an attribute that is not declared.</summary>
    public static bool TryReadAsTime(AttributeValue value, out AttributeValue instant)
    {
        if (value.Kind == AttributeKind.String && Rfc3339.TryParse(value.AsString(), out DateTimeOffset time))
        {
            instant = AttributeValue.Of(time);
            return true;
        }

        instant = default;
        return false;
    }

    private static string Shorten(string text) => text.Length <= 64 ? text : $"{text.AsSpan(0, 64)}…";
}
