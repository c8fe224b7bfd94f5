using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Filters;

/// <summary>What a predicate means, written down as plainly as possible: answers of the server are checked against it.</summary>
internal static class PredicateOracle
{
    public static bool Matches(Predicate predicate, PointId id, IReadOnlyDictionary<string, Value> attributes) => predicate.KindCase switch
    {
        Predicate.KindOneofCase.And => predicate.And.Predicates.All(operand => Matches(operand, id, attributes)),
        Predicate.KindOneofCase.Or => predicate.Or.Predicates.Any(operand => Matches(operand, id, attributes)),
        Predicate.KindOneofCase.Not => !Matches(predicate.Not, id, attributes),
        Predicate.KindOneofCase.Eq => AnyElement(attributes, predicate.Eq.Attribute, x => ValueOrder.AreEqual(x, predicate.Eq.Value)),
        Predicate.KindOneofCase.Contains =>
            AnyElement(attributes, predicate.Contains.Attribute, x => ValueOrder.AreEqual(x, predicate.Contains.Value)),
        Predicate.KindOneofCase.Ne => attributes.ContainsKey(predicate.Ne.Attribute)
            && !AnyElement(attributes, predicate.Ne.Attribute, x => ValueOrder.AreEqual(x, predicate.Ne.Value)),
        Predicate.KindOneofCase.In =>
            AnyElement(attributes, predicate.In.Attribute, x => predicate.In.Values.Any(y => ValueOrder.AreEqual(x, y))),
        Predicate.KindOneofCase.Range => AnyElement(attributes, predicate.Range.Attribute, x => IsWithin(x, predicate.Range)),
        Predicate.KindOneofCase.Exists => attributes.ContainsKey(predicate.Exists),
        Predicate.KindOneofCase.IsNull => !attributes.ContainsKey(predicate.IsNull),
        Predicate.KindOneofCase.Prefix => AnyElement(attributes, predicate.Prefix.Attribute, x => BeginsWith(x, predicate.Prefix.Value)),
        Predicate.KindOneofCase.TextMatch => AnyElement(attributes, predicate.TextMatch.Attribute, x =>
            x.HasStringValue && TextTokens.Match(x.StringValue, predicate.TextMatch.Query, predicate.TextMatch.Mode == TextMatchMode.Any)),
        Predicate.KindOneofCase.GeoRadius => AnyElement(attributes, predicate.GeoRadius.Attribute, x =>
            x.GeoPoint is { } place && Earth.Distance(place, predicate.GeoRadius.Center) <= predicate.GeoRadius.Meters),
        Predicate.KindOneofCase.GeoBox => AnyElement(attributes, predicate.GeoBox.Attribute, x =>
            x.GeoPoint is { } place && Earth.IsWithin(place, predicate.GeoBox.SouthWest, predicate.GeoBox.NorthEast)),
        Predicate.KindOneofCase.Ids => predicate.Ids.Ids.Contains(id),
        _ => throw new NotSupportedException($"A predicate of kind {predicate.KindCase}."),
    };

    private static bool AnyElement(IReadOnlyDictionary<string, Value> attributes, string name, Func<Value, bool> test)
    {
        if (!attributes.TryGetValue(name, out Value? value))
            return false;
        return value.KindCase switch
        {
            Value.KindOneofCase.StringList => value.StringList.Values.Any(x => test(new Value { StringValue = x })),
            Value.KindOneofCase.IntList => value.IntList.Values.Any(x => test(new Value { IntValue = x })),
            _ => test(value),
        };
    }

    private static bool BeginsWith(Value value, Value beginning) =>
        value.HasStringValue && value.StringValue.StartsWith(beginning.StringValue, StringComparison.Ordinal);

    private static bool IsWithin(Value value, Interval interval) =>
        (interval.Gt is null || ValueOrder.Compare(value, interval.Gt) > 0)
        && (interval.Gte is null || ValueOrder.Compare(value, interval.Gte) >= 0)
        && (interval.Lt is null || ValueOrder.Compare(value, interval.Lt) < 0)
        && (interval.Lte is null || ValueOrder.Compare(value, interval.Lte) <= 0);
}
