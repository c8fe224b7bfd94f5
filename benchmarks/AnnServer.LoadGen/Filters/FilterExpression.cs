using System.Text;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Filters;

/// <summary>
/// Writes a predicate message as an AIP-160 expression. Every compound is in parentheses, so that nothing rests on precedence.
/// A range over a list attribute cannot be written so: its two halves could be met by different elements.
/// </summary>
internal static class FilterExpression
{
    public static string From(Predicate predicate)
    {
        StringBuilder text = new();
        Append(text, predicate);
        return text.ToString();
    }

    private static void Append(StringBuilder text, Predicate predicate)
    {
        switch (predicate.KindCase)
        {
            case Predicate.KindOneofCase.And:
                AppendJoined(text, predicate.And.Predicates, " AND ", Append);
                break;
            case Predicate.KindOneofCase.Or:
                AppendJoined(text, predicate.Or.Predicates, " OR ", Append);
                break;
            case Predicate.KindOneofCase.Not:
                text.Append("(NOT ");
                Append(text, predicate.Not);
                text.Append(')');
                break;
            case Predicate.KindOneofCase.Eq:
                AppendComparison(text, predicate.Eq.Attribute, " = ", predicate.Eq.Value);
                break;
            case Predicate.KindOneofCase.Ne:
                AppendComparison(text, predicate.Ne.Attribute, " != ", predicate.Ne.Value);
                break;
            case Predicate.KindOneofCase.Contains:
                AppendComparison(text, predicate.Contains.Attribute, ":", predicate.Contains.Value);
                break;
            case Predicate.KindOneofCase.In:
                AppendJoined(text, predicate.In.Values, " OR ",
                    (inner, value) => AppendComparison(inner, predicate.In.Attribute, " = ", value));
                break;
            case Predicate.KindOneofCase.Range:
                AppendJoined(text, Bounds(predicate.Range), " AND ",
                    (inner, bound) => AppendComparison(inner, predicate.Range.Attribute, bound.Operator, bound.Value));
                break;
            case Predicate.KindOneofCase.Exists:
                text.Append(predicate.Exists).Append(":*");
                break;
            case Predicate.KindOneofCase.IsNull:
                text.Append(predicate.IsNull).Append(" = null");
                break;
            case Predicate.KindOneofCase.Prefix:
                text.Append(predicate.Prefix.Attribute).Append(" = \"").Append(Escaped(predicate.Prefix.Value.StringValue)).Append("*\"");
                break;
            case Predicate.KindOneofCase.TextMatch:
                TextMatch match = predicate.TextMatch;
                AppendFunction(
                    text, match.Mode == TextMatchMode.Any ? "text_any" : "text_match", match.Attribute, $"\"{Quoted(match.Query)}\"");
                break;
            case Predicate.KindOneofCase.GeoRadius:
                GeoRadius circle = predicate.GeoRadius;
                AppendFunction(
                    text, "geo_radius", circle.Attribute, DoubleText(circle.Center.Latitude), DoubleText(circle.Center.Longitude),
                    DoubleText(circle.Meters));
                break;
            case Predicate.KindOneofCase.GeoBox:
                GeoBox box = predicate.GeoBox;
                AppendFunction(
                    text, "geo_box", box.Attribute, DoubleText(box.SouthWest.Latitude), DoubleText(box.SouthWest.Longitude),
                    DoubleText(box.NorthEast.Latitude), DoubleText(box.NorthEast.Longitude));
                break;
            default:
                throw new NotSupportedException($"A predicate of kind {predicate.KindCase} has no expression.");
        }
    }

    private static IEnumerable<(string Operator, Value Value)> Bounds(Interval interval)
    {
        if (interval.Gt is not null)
            yield return (" > ", interval.Gt);
        if (interval.Gte is not null)
            yield return (" >= ", interval.Gte);
        if (interval.Lt is not null)
            yield return (" < ", interval.Lt);
        if (interval.Lte is not null)
            yield return (" <= ", interval.Lte);
    }

    private static void AppendJoined<T>(StringBuilder text, IEnumerable<T> items, string separator, Action<StringBuilder, T> append)
    {
        text.Append('(');
        int start = text.Length;
        foreach (T item in items)
        {
            if (text.Length > start)
                text.Append(separator);
            append(text, item);
        }
        text.Append(')');
    }

    private static void AppendFunction(StringBuilder text, string name, params ReadOnlySpan<string> arguments) =>
        text.Append(name).Append('(').AppendJoin(", ", arguments).Append(')');

    private static string Quoted(string value) => value.Replace("\\", "\\\\").Replace("\"", "\\\"");

    /// <summary>A star would make the string the beginning of others.</summary>
    private static string Escaped(string value) => Quoted(value).Replace("*", "\\*");

    private static void AppendComparison(StringBuilder text, string attribute, string comparator, Value value)
    {
        text.Append(attribute).Append(comparator);
        switch (value.KindCase)
        {
            case Value.KindOneofCase.StringValue:
                text.Append('"').Append(Escaped(value.StringValue)).Append('"');
                break;
            case Value.KindOneofCase.IntValue:
                text.Append(value.IntValue);
                break;
            case Value.KindOneofCase.DoubleValue:
                text.Append(DoubleText(value.DoubleValue));
                break;
            case Value.KindOneofCase.BoolValue:
                text.Append(value.BoolValue ? "true" : "false");
                break;
            case Value.KindOneofCase.TimestampValue:
                text.Append('"').Append(value.TimestampValue.ToDateTimeOffset().ToString("O")).Append('"');
                break;
            default:
                throw new NotSupportedException($"A value of kind {value.KindCase} has no literal.");
        }
    }

    /// <summary>Round-trips, and stays a floating-point literal where the value is whole.</summary>
    private static string DoubleText(double value)
    {
        string text = value.ToString("R").Replace('E', 'e');
        return text.AsSpan().ContainsAny('.', 'e') ? text : text + ".0";
    }
}
