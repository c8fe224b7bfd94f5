using System.Numerics;
using System.Text;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Querying;

/// <summary>
/// What filters mean, written down a second time: straight over dictionaries, with numbers as exact fractions. It reads trees
/// as callers write them, strings on undeclared attributes as strings or times.
/// </summary>
internal static class NaiveFilter
{
    // The doubles of these tests have at most this many binary places.
    private const double Denominator = 1 << 20;

    public static bool Matches(Predicate predicate, PointId id, IReadOnlyDictionary<string, AttributeValue>? attributes)
    {
        return predicate switch
        {
            Predicate.And and => and.Operands.All(operand => Matches(operand, id, attributes)),
            Predicate.Or or => or.Operands.Any(operand => Matches(operand, id, attributes)),
            Predicate.Not not => !Matches(not.Operand, id, attributes),
            Predicate.Eq eq => Elements(attributes, eq.Attribute).Any(element => Same(element, eq.Value)),
            Predicate.Contains contains => Elements(attributes, contains.Attribute).Any(element => Same(element, contains.Value)),
            Predicate.Ne ne => attributes is not null && attributes.ContainsKey(ne.Attribute)
                && !Elements(attributes, ne.Attribute).Any(element => Same(element, ne.Value)),
            Predicate.In set => Elements(attributes, set.Attribute).Any(element => set.Values.Any(value => Same(element, value))),
            Predicate.Range range => Elements(attributes, range.Attribute).Any(element => IsWithin(element, range)),
            Predicate.Exists exists => attributes is not null && attributes.ContainsKey(exists.Attribute),
            Predicate.IsNull isNull => attributes is null || !attributes.ContainsKey(isNull.Attribute),
            Predicate.Prefix prefix => Elements(attributes, prefix.Attribute).Any(
                element => element.Kind == AttributeKind.String
                    && Encoding.UTF8.GetBytes(element.AsString()).AsSpan().StartsWith(Encoding.UTF8.GetBytes(prefix.Value))),
            Predicate.TextMatch text => Elements(attributes, text.Attribute).Any(
                element => element.Kind == AttributeKind.String && NaiveText.Matches(element.AsString(), text.Query, text.Mode == TextMatchMode.Any)),
            Predicate.GeoRadius radius => Elements(attributes, radius.Attribute).Any(
                element => element.Kind == AttributeKind.GeoPoint && NaiveEarth.Distance(element.AsGeoPoint(), radius.Center) <= radius.Meters),
            Predicate.GeoBox box => Elements(attributes, box.Attribute).Any(
                element => element.Kind == AttributeKind.GeoPoint && NaiveEarth.IsWithin(element.AsGeoPoint(), box.SouthWest, box.NorthEast)),
            Predicate.Ids ids => ids.Values.Contains(id),
            _ => throw new InvalidOperationException(),
        };
    }

    private static IEnumerable<AttributeValue> Elements(IReadOnlyDictionary<string, AttributeValue>? attributes, string name)
    {
        if (attributes is null || !attributes.TryGetValue(name, out AttributeValue value))
        {
            return [];
        }

        return value.Kind switch
        {
            AttributeKind.StringList => value.AsStringList().Select(AttributeValue.Of),
            AttributeKind.Int64List => value.AsInt64List().Select(AttributeValue.Of),
            _ => [value],
        };
    }

    private static bool Same(AttributeValue element, AttributeValue wanted) => Order(element, wanted) == 0;

    private static bool IsWithin(AttributeValue element, Predicate.Range range)
    {
        bool above = range.Lower.IsOpen || Order(element, range.Lower.Value) is { } low && (low > 0 || (low == 0 && range.Lower.Inclusive));
        bool below = range.Upper.IsOpen || Order(element, range.Upper.Value) is { } high && (high < 0 || (high == 0 && range.Upper.Inclusive));
        return above && below;
    }

    /// <summary>Null where the two do not compare.</summary>
    private static int? Order(AttributeValue element, AttributeValue wanted)
    {
        switch (element.Kind, wanted.Kind)
        {
            case (AttributeKind.String, AttributeKind.String):
                return Encoding.UTF8.GetBytes(element.AsString()).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(wanted.AsString()));
            case (AttributeKind.Bool, AttributeKind.Bool):
                return element.AsBool() == wanted.AsBool() ? 0 : null;
            case (AttributeKind.Timestamp, AttributeKind.Timestamp):
                return element.AsTimestamp().CompareTo(wanted.AsTimestamp());
            case (AttributeKind.Timestamp, AttributeKind.String):
                return DateTimeOffset.TryParse(wanted.AsString(), out DateTimeOffset time) ? element.AsTimestamp().CompareTo(time) : null;
            case (AttributeKind.Int64 or AttributeKind.Double, AttributeKind.Int64 or AttributeKind.Double):
                return Fraction(element).CompareTo(Fraction(wanted));
            default:
                return null;
        }
    }

    private static BigInteger Fraction(AttributeValue value) => value.Kind == AttributeKind.Int64
        ? value.AsInt64() * new BigInteger(Denominator)
        : new BigInteger(value.AsDouble() * Denominator);
}
