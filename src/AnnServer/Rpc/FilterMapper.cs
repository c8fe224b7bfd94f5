using System.Collections.Immutable;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using Google.Protobuf.Collections;
using Kind = AnnServer.Protocol.V1.Predicate.KindOneofCase;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.Rpc;

/// <summary>
/// Filters off the wire. Recursion needs no guard of its own: protobuf refuses a message nested deeper than 100, and the engine
/// refuses a tree deeper than its limit.
/// </summary>
internal static class FilterMapper
{
    // Stands where a faulty predicate was, so that its neighbours are checked too. The request is refused whatever it means.
    private static readonly Predicate Placeholder = new Predicate.Ids([]);

    public static FilterSpec ToModel(Wire.Filter? filter, Faults faults)
    {
        switch (filter?.KindCase)
        {
            case null:
                return FilterSpec.None;
            case Wire.Filter.KindOneofCase.Expression:
                return new FilterSpec(filter.Expression, null);
            case Wire.Filter.KindOneofCase.Predicate:
                return new FilterSpec(null, ToModel(filter.Predicate, "filter.predicate", faults));
            default:
                faults.Add("filter", "is empty; set expression or predicate, or leave the filter out");
                return FilterSpec.None;
        }
    }

    private static Predicate ToModel(Wire.Predicate predicate, string field, Faults faults)
    {
        switch (predicate.KindCase)
        {
            case Kind.And:
                return new Predicate.And(All(predicate.And, $"{field}.and", faults));
            case Kind.Or:
                return new Predicate.Or(All(predicate.Or, $"{field}.or", faults));
            case Kind.Not:
                return new Predicate.Not(ToModel(predicate.Not, $"{field}.not", faults));
            case Kind.Eq:
                return new Predicate.Eq(Attribute(predicate.Eq, $"{field}.eq", faults), Value(predicate.Eq, $"{field}.eq", faults));
            case Kind.Contains:
                return new Predicate.Contains(
                    Attribute(predicate.Contains, $"{field}.contains", faults), Value(predicate.Contains, $"{field}.contains", faults));
            case Kind.Ne:
                return new Predicate.Ne(Attribute(predicate.Ne, $"{field}.ne", faults), Value(predicate.Ne, $"{field}.ne", faults));
            case Kind.In:
                return Among(predicate.In, $"{field}.in", faults);
            case Kind.Range:
                return Between(predicate.Range, $"{field}.range", faults);
            case Kind.Exists:
                return new Predicate.Exists(Named(predicate.Exists, $"{field}.exists", faults));
            case Kind.IsNull:
                return new Predicate.IsNull(Named(predicate.IsNull, $"{field}.is_null", faults));
            case Kind.Prefix:
                return Beginning(predicate.Prefix, $"{field}.prefix", faults);
            case Kind.TextMatch:
                return Matching(predicate.TextMatch, $"{field}.text_match", faults);
            case Kind.GeoRadius:
                return Near(predicate.GeoRadius, $"{field}.geo_radius", faults);
            case Kind.GeoBox:
                return Within(predicate.GeoBox, $"{field}.geo_box", faults);
            case Kind.Ids:
                return new Predicate.Ids(PointIdMapper.ToModel(predicate.Ids.Ids, $"{field}.ids.ids", faults));
            default:
                faults.Add(field, "is empty; set one of its kinds");
                return Placeholder;
        }
    }

    private static ImmutableArray<Predicate> All(Wire.PredicateList list, string field, Faults faults)
    {
        if (list.Predicates.Count == 0)
        {
            faults.Add($"{field}.predicates", "is empty; give at least one predicate");
        }

        ImmutableArray<Predicate>.Builder all = ImmutableArray.CreateBuilder<Predicate>(list.Predicates.Count);
        for (int i = 0; i < list.Predicates.Count; i++)
        {
            all.Add(ToModel(list.Predicates[i], $"{field}.predicates[{i}]", faults));
        }

        return all.MoveToImmutable();
    }

    private static string Attribute(Wire.Comparison comparison, string field, Faults faults) =>
        Named(comparison.Attribute, $"{field}.attribute", faults);

    private static AttributeValue Value(Wire.Comparison comparison, string field, Faults faults) =>
        AttributeMapper.ToModel(comparison.Value, $"{field}.value", faults);

    private static Predicate.In Among(Wire.InSet set, string field, Faults faults)
    {
        RepeatedField<Wire.Value> values = set.Values;
        ImmutableArray<AttributeValue>.Builder model = ImmutableArray.CreateBuilder<AttributeValue>(values.Count);
        for (int i = 0; i < values.Count; i++)
        {
            model.Add(AttributeMapper.ToModel(values[i], $"{field}.values[{i}]", faults));
        }

        if (values.Count == 0)
        {
            faults.Add($"{field}.values", "is empty; give at least one value");
        }

        return new Predicate.In(Named(set.Attribute, $"{field}.attribute", faults), model.MoveToImmutable());
    }

    private static Predicate.Range Between(Wire.Interval interval, string field, Faults faults)
    {
        string attribute = Named(interval.Attribute, $"{field}.attribute", faults);
        if (interval is { Gt: null, Gte: null, Lt: null, Lte: null })
        {
            faults.Add(field, "has no bound; set at least one of gt, gte, lt and lte");
        }

        return new Predicate.Range(
            attribute,
            End(interval.Gt, "gt", interval.Gte, "gte", field, faults),
            End(interval.Lt, "lt", interval.Lte, "lte", field, faults));
    }

    private static Predicate.Prefix Beginning(Wire.Comparison comparison, string field, Faults faults)
    {
        string attribute = Attribute(comparison, field, faults);
        if (comparison.Value?.KindCase != Wire.Value.KindOneofCase.StringValue)
        {
            faults.Add($"{field}.value", "is not a string; set string_value");
        }

        return new Predicate.Prefix(attribute, comparison.Value?.StringValue ?? "");
    }

    private static Predicate.TextMatch Matching(Wire.TextMatch match, string field, Faults faults)
    {
        if (!Enum.IsDefined(match.Mode))
        {
            faults.Add($"{field}.mode", $"has the unknown value {(int)match.Mode}; allowed: TEXT_MATCH_MODE_ALL, TEXT_MATCH_MODE_ANY");
        }

        return new Predicate.TextMatch(
            Named(match.Attribute, $"{field}.attribute", faults),
            match.Query,
            match.Mode == Wire.TextMatchMode.Any ? TextMatchMode.Any : TextMatchMode.All);
    }

    private static Predicate.GeoRadius Near(Wire.GeoRadius radius, string field, Faults faults) => new(
        Named(radius.Attribute, $"{field}.attribute", faults), Place(radius.Center, $"{field}.center", faults), radius.Meters);

    private static Predicate.GeoBox Within(Wire.GeoBox box, string field, Faults faults) => new(
        Named(box.Attribute, $"{field}.attribute", faults),
        Place(box.SouthWest, $"{field}.south_west", faults),
        Place(box.NorthEast, $"{field}.north_east", faults));

    private static GeoPoint Place(Wire.GeoPoint? place, string field, Faults faults)
    {
        if (place is null)
        {
            faults.Add(field, "is missing; give its latitude and longitude");
            return default;
        }

        return AttributeMapper.ToModel(place);
    }

    private static Predicate.Bound End(
        Wire.Value? exclusive, string exclusiveName, Wire.Value? inclusive, string inclusiveName, string field, Faults faults)
    {
        if (exclusive is not null && inclusive is not null)
        {
            faults.Add(field, $"has both {exclusiveName} and {inclusiveName}; set one of them");
        }

        return exclusive is not null ? new Predicate.Bound(AttributeMapper.ToModel(exclusive, $"{field}.{exclusiveName}", faults), false)
            : inclusive is not null ? new Predicate.Bound(AttributeMapper.ToModel(inclusive, $"{field}.{inclusiveName}", faults), true)
            : default;
    }

    private static string Named(string attribute, string field, Faults faults)
    {
        if (attribute.Length == 0)
        {
            faults.Add(field, "is empty; name an attribute");
        }

        return attribute;
    }
}
