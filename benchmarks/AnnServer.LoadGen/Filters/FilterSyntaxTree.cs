using System.Text.Json;
using AnnServer.LoadGen.Data;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Filters;

/// <summary>Turns the predicate syntax of the data sets' <c>filtered.jsonl</c> into predicate messages.</summary>
internal static class FilterSyntaxTree
{
    public static Predicate ToPredicate(JsonElement node)
    {
        if (node.TryGetProperty("and", out JsonElement and))
            return new Predicate { And = ToList(and) };
        if (node.TryGetProperty("or", out JsonElement or))
            return new Predicate { Or = ToList(or) };
        if (node.TryGetProperty("not", out JsonElement not))
            return new Predicate { Not = ToPredicate(not) };
        string field = node.GetProperty("field").GetString() ?? throw new FormatException("A leaf without a field.");
        if (node.TryGetProperty("eq", out JsonElement eq))
            return new Predicate { Eq = new Comparison { Attribute = field, Value = JsonValues.Read(eq) } };
        if (node.TryGetProperty("in", out JsonElement values))
            return new Predicate { In = ToSet(field, values) };
        if (node.TryGetProperty("range", out JsonElement range))
            return new Predicate { Range = ToInterval(field, range) };
        if (node.TryGetProperty("exists", out JsonElement exists))
            return exists.GetBoolean() ? Exists(field) : new Predicate { Not = Exists(field) };
        throw new FormatException($"'{node.GetRawText()}' is not a predicate.");
    }

    private static Predicate Exists(string field) => new() { Exists = field };

    private static PredicateList ToList(JsonElement operands)
    {
        PredicateList list = new();
        foreach (JsonElement operand in operands.EnumerateArray())
            list.Predicates.Add(ToPredicate(operand));
        return list;
    }

    private static InSet ToSet(string field, JsonElement values)
    {
        InSet set = new() { Attribute = field };
        foreach (JsonElement value in values.EnumerateArray())
            set.Values.Add(JsonValues.Read(value));
        return set;
    }

    private static Interval ToInterval(string field, JsonElement range)
    {
        Interval interval = new() { Attribute = field };
        foreach (JsonProperty bound in range.EnumerateObject())
        {
            Value value = JsonValues.Read(bound.Value);
            switch (bound.Name)
            {
                case "gt": interval.Gt = value; break;
                case "gte": interval.Gte = value; break;
                case "lt": interval.Lt = value; break;
                case "lte": interval.Lte = value; break;
                default: throw new FormatException($"'{bound.Name}' is not a bound.");
            }
        }
        return interval;
    }
}
