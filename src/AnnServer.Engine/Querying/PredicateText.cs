using System.Globalization;
using System.Text;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>Writes a predicate as text that is equal for equal canonical predicates, and orders predicates by it.</summary>
internal static class PredicateText
{
    public static string Of(Predicate predicate)
    {
        StringBuilder text = new();
        Write(text, predicate);
        return text.ToString();
    }

    private static void Write(StringBuilder text, Predicate predicate)
    {
        switch (predicate)
        {
            case Predicate.And and:
                WriteOperands(text, "and", and.Operands.AsSpan());
                break;
            case Predicate.Or or:
                WriteOperands(text, "or", or.Operands.AsSpan());
                break;
            case Predicate.Not not:
                text.Append("not(");
                Write(text, not.Operand);
                text.Append(')');
                break;
            case Predicate.In set:
                text.Append(set.Attribute).Append(" in [");
                WriteValues(text, set.Values.AsSpan());
                text.Append(']');
                break;
            case Predicate.Range range:
                text.Append(range.Attribute).Append(" in ");
                WriteBounds(text, range);
                break;
            case Predicate.Exists exists:
                text.Append(exists.Attribute).Append(":*");
                break;
            case Predicate.Prefix prefix:
                text.Append(prefix.Attribute).Append(" = ");
                WriteQuoted(text, prefix.Value);
                text.Append('*');
                break;
            case Predicate.TextMatch match:
                text.Append(match.Mode == TextMatchMode.Any ? "text_any(" : "text_match(").Append(match.Attribute).Append(", ");
                WriteQuoted(text, match.Query);
                text.Append(')');
                break;
            case Predicate.GeoRadius radius:
                WriteCall(text, "geo_radius", radius.Attribute, radius.Center.Latitude, radius.Center.Longitude, radius.Meters);
                break;
            case Predicate.GeoBox box:
                (GeoPoint from, GeoPoint to) = (box.SouthWest, box.NorthEast);
                WriteCall(text, "geo_box", box.Attribute, from.Latitude, from.Longitude, to.Latitude, to.Longitude);
                break;
            case Predicate.Ids ids:
                text.Append("ids [");
                for (int i = 0; i < ids.Values.Length; i++)
                {
                    text.Append(i > 0 ? ", " : "");
                    WriteId(text, ids.Values[i]);
                }

                text.Append(']');
                break;
            default:
                throw new ArgumentException("The predicate has not been bound.", nameof(predicate));
        }
    }

    private static void WriteCall(StringBuilder text, string name, string attribute, params ReadOnlySpan<double> numbers)
    {
        text.Append(name).Append('(').Append(attribute);
        foreach (double number in numbers)
        {
            text.Append(", ").Append(number.ToString("R", CultureInfo.InvariantCulture));
        }

        text.Append(')');
    }

    private static void WriteOperands(StringBuilder text, string name, ReadOnlySpan<Predicate> operands)
    {
        text.Append(name).Append('(');
        for (int i = 0; i < operands.Length; i++)
        {
            text.Append(i > 0 ? ", " : "");
            Write(text, operands[i]);
        }

        text.Append(')');
    }

    private static void WriteBounds(StringBuilder text, Predicate.Range range)
    {
        text.Append(range.Lower.Inclusive && !range.Lower.IsOpen ? '[' : '(');
        WriteBound(text, range.Lower);
        text.Append(" .. ");
        WriteBound(text, range.Upper);
        text.Append(range.Upper.Inclusive && !range.Upper.IsOpen ? ']' : ')');
    }

    private static void WriteBound(StringBuilder text, Predicate.Bound bound)
    {
        if (!bound.IsOpen)
        {
            WriteValue(text, bound.Value);
        }
    }

    private static void WriteValues(StringBuilder text, ReadOnlySpan<AttributeValue> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            text.Append(i > 0 ? ", " : "");
            WriteValue(text, values[i]);
        }
    }

    private static void WriteValue(StringBuilder text, AttributeValue value)
    {
        switch (value.Kind)
        {
            case AttributeKind.String:
                WriteQuoted(text, value.AsString());
                break;
            case AttributeKind.Int64:
                text.Append(value.AsInt64());
                break;
            case AttributeKind.Double:
                text.Append(value.AsDouble().ToString("R", CultureInfo.InvariantCulture));
                break;
            case AttributeKind.Bool:
                text.Append(value.AsBool() ? "true" : "false");
                break;
            case AttributeKind.Timestamp:
                text.Append(value.AsTimestamp().UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
                break;
            default:
                throw new ArgumentException($"A value of kind {value.Kind} cannot stand in a filter.", nameof(value));
        }
    }

    private static void WriteId(StringBuilder text, PointId id)
    {
        if (id.Key is null)
        {
            text.Append(id.Number);
        }
        else
        {
            WriteQuoted(text, id.Key);
        }
    }

    private static void WriteQuoted(StringBuilder text, string value) =>
        text.Append('"').Append(value.Replace("\\", "\\\\").Replace("\"", "\\\"")).Append('"');
}
