using System.Text.Json;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Querying;

namespace AnnServer.Benchmarks.Filters.Questions;

/// <summary>Turns the predicate syntax of the data sets' <c>filtered.jsonl</c> into the engine's.</summary>
internal static class JsonPredicate
{
    public static Predicate Read(JsonElement node)
    {
        if (node.TryGetProperty("and", out JsonElement and))
            return new Predicate.And([.. and.EnumerateArray().Select(Read)]);
        if (node.TryGetProperty("or", out JsonElement or))
            return new Predicate.Or([.. or.EnumerateArray().Select(Read)]);
        if (node.TryGetProperty("not", out JsonElement not))
            return new Predicate.Not(Read(not));
        string field = node.GetProperty("field").GetString() ?? throw new FormatException("A leaf without a field.");
        if (node.TryGetProperty("eq", out JsonElement value))
            return new Predicate.Eq(field, ValueOf(value));
        if (node.TryGetProperty("in", out JsonElement values))
            return new Predicate.In(field, [.. values.EnumerateArray().Select(ValueOf)]);
        if (node.TryGetProperty("range", out JsonElement range))
            return new Predicate.Range(field, BoundOf(range, "gte", "gt"), BoundOf(range, "lte", "lt"));
        if (node.TryGetProperty("exists", out JsonElement exists))
            return exists.GetBoolean() ? new Predicate.Exists(field) : new Predicate.Not(new Predicate.Exists(field));
        throw new FormatException($"'{node.GetRawText()}' is not a predicate.");
    }

    private static Predicate.Bound BoundOf(JsonElement range, string inclusive, string exclusive)
    {
        if (range.TryGetProperty(inclusive, out JsonElement bound))
            return new Predicate.Bound(ValueOf(bound), Inclusive: true);
        return range.TryGetProperty(exclusive, out bound) ? new Predicate.Bound(ValueOf(bound), Inclusive: false) : default;
    }

    private static AttributeValue ValueOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => AttributeValue.Of(value.GetString() ?? ""),
        JsonValueKind.True or JsonValueKind.False => AttributeValue.Of(value.GetBoolean()),
        JsonValueKind.Number when value.TryGetInt64(out long whole) => AttributeValue.Of(whole),
        JsonValueKind.Number => AttributeValue.Of(value.GetDouble()),
        _ => throw new FormatException($"'{value.GetRawText()}' is not the value of an attribute."),
    };
}
