using System.Collections.Immutable;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Querying;

/// <summary>
/// Builds predicates in the one form that equivalent filters share: And and Or flat, without repeats, in the order of their
/// text; no double negation; the values of In and the tokens of a text match ascending; one In for an Or of several on one attribute.
/// </summary>
internal static class Canonical
{
    private static readonly Comparer<AttributeValue> ValueOrder = Comparer<AttributeValue>.Create(Compare);

    public static Predicate Not(Predicate operand) => operand is Predicate.Not not ? not.Operand : new Predicate.Not(operand);

    public static Predicate In(string attribute, IEnumerable<AttributeValue> values)
    {
        SortedSet<AttributeValue> sorted = new(values, ValueOrder);
        return new Predicate.In(attribute, [.. sorted]);
    }

    public static Predicate TextMatch(string attribute, List<TextToken> tokens, TextMatchMode mode)
    {
        TextQuery query = TextQuery.Of(tokens, mode);
        return new Predicate.TextMatch(attribute, query.ToString(), query.Mode);
    }

    public static Predicate GeoRadius(string attribute, GeoPoint center, double meters) =>
        new Predicate.GeoRadius(attribute, WithoutNegativeZero(center), meters + 0.0);

    public static Predicate GeoBox(string attribute, GeoPoint southWest, GeoPoint northEast) =>
        new Predicate.GeoBox(attribute, WithoutNegativeZero(southWest), WithoutNegativeZero(northEast));

    public static Predicate Ids(IEnumerable<PointId> ids)
    {
        SortedSet<PointId> sorted = [.. ids];
        return new Predicate.Ids([.. sorted]);
    }

    /// <summary>A range; one that admits a single value is an In.</summary>
    public static Predicate Range(string attribute, Predicate.Bound lower, Predicate.Bound upper)
    {
        if (!lower.IsOpen && !upper.IsOpen && lower.Inclusive && upper.Inclusive && Compare(lower.Value, upper.Value) == 0)
        {
            return In(attribute, [lower.Value]);
        }

        // Whether an open end is inclusive means nothing.
        return new Predicate.Range(attribute, lower.IsOpen ? default : lower, upper.IsOpen ? default : upper);
    }

    /// <summary>A range over int64 values only, as a closed one.</summary>
    public static Predicate IntegerRange(string attribute, Predicate.Bound lower, Predicate.Bound upper)
    {
        NumericInterval interval = NumericInterval.Of(lower, upper);
        if (interval.LowInt64 > interval.HighInt64)
        {
            return Range(attribute, lower, upper);
        }

        return Range(
            attribute,
            lower.IsOpen ? default : new Predicate.Bound(AttributeValue.Of(interval.LowInt64), true),
            upper.IsOpen ? default : new Predicate.Bound(AttributeValue.Of(interval.HighInt64), true));
    }

    /// <summary>A conjunction. Ranges over one of the scalars are intersected; over a list two elements may satisfy one each.</summary>
    public static Predicate And(IReadOnlyList<Predicate> operands, Func<string, bool> isScalar)
    {
        List<Predicate> flat = [];
        Dictionary<string, Predicate.Range> ranges = new(StringComparer.Ordinal);
        foreach (Predicate operand in operands)
        {
            foreach (Predicate part in operand is Predicate.And and ? and.Operands : [operand])
            {
                if (part is not Predicate.Range range || !isScalar(range.Attribute))
                {
                    flat.Add(part);
                }
                else if (ranges.TryGetValue(range.Attribute, out Predicate.Range? known))
                {
                    ranges[range.Attribute] = Intersect(known, range);
                }
                else
                {
                    ranges.Add(range.Attribute, range);
                }
            }
        }

        foreach ((string attribute, Predicate.Range range) in ranges)
        {
            flat.Add(Range(attribute, range.Lower, range.Upper));
        }

        return Combine(flat, static parts => new Predicate.And(parts));
    }

    public static Predicate Or(IReadOnlyList<Predicate> operands)
    {
        List<Predicate> flat = [];
        Dictionary<string, List<AttributeValue>> sets = new(StringComparer.Ordinal);
        foreach (Predicate operand in operands)
        {
            foreach (Predicate part in operand is Predicate.Or or ? or.Operands : [operand])
            {
                if (part is not Predicate.In set)
                {
                    flat.Add(part);
                }
                else if (sets.TryGetValue(set.Attribute, out List<AttributeValue>? values))
                {
                    values.AddRange(set.Values);
                }
                else
                {
                    sets.Add(set.Attribute, [.. set.Values]);
                }
            }
        }

        foreach ((string attribute, List<AttributeValue> values) in sets)
        {
            flat.Add(In(attribute, values));
        }

        return Combine(flat, static parts => new Predicate.Or(parts));
    }

    /// <summary>The order of values: truth values, numbers, strings, timestamps. Equal numbers of either kind are one value.</summary>
    public static int Compare(AttributeValue left, AttributeValue right)
    {
        int byDomain = Domain(left.Kind).CompareTo(Domain(right.Kind));
        if (byDomain != 0)
        {
            return byDomain;
        }

        return left.Kind switch
        {
            AttributeKind.Bool => left.AsBool().CompareTo(right.AsBool()),
            AttributeKind.String => Utf8Order.Compare(left.AsString(), right.AsString()),
            AttributeKind.Timestamp => left.AsTimestamp().CompareTo(right.AsTimestamp()),
            _ => Numbers.Compare(left, right),
        };
    }

    // The sum of either zero with the positive one is that.
    private static GeoPoint WithoutNegativeZero(GeoPoint place) => new(place.Latitude + 0.0, place.Longitude + 0.0);

    private static int Domain(AttributeKind kind) => kind switch
    {
        AttributeKind.Bool => 0,
        AttributeKind.Int64 or AttributeKind.Double => 1,
        AttributeKind.String => 2,
        _ => 3,
    };

    private static Predicate.Range Intersect(Predicate.Range left, Predicate.Range right) => new(
        left.Attribute,
        Tighter(left.Lower, right.Lower, 1),
        Tighter(left.Upper, right.Upper, -1));

    /// <summary>The bound that admits less; direction 1 for lower bounds, -1 for upper ones.</summary>
    private static Predicate.Bound Tighter(Predicate.Bound left, Predicate.Bound right, int direction)
    {
        if (left.IsOpen || right.IsOpen)
        {
            return left.IsOpen ? right : left;
        }

        int order = Compare(left.Value, right.Value) * direction;
        return order > 0 || (order == 0 && !left.Inclusive) ? left : right;
    }

    private static Predicate Combine(List<Predicate> parts, Func<ImmutableArray<Predicate>, Predicate> create)
    {
        SortedDictionary<string, Predicate> sorted = new(StringComparer.Ordinal);
        foreach (Predicate part in parts)
        {
            sorted.TryAdd(PredicateText.Of(part), part);
        }

        ImmutableArray<Predicate> operands = [.. sorted.Values];
        return operands.Length == 1 ? operands[0] : create(operands);
    }
}
