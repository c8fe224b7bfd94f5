using System.Collections.Immutable;
using System.Globalization;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Querying;

/// <summary>Writes a filter another way that means the same: as another tree, or as an expression.</summary>
internal sealed class Rewriter(Random random)
{
    public Predicate Rewrite(Predicate predicate)
    {
        Predicate rewritten = predicate switch
        {
            Predicate.And and => new Predicate.And(Regroup(and.Operands, static parts => new Predicate.And(parts))),
            Predicate.Or or => new Predicate.Or(Regroup(or.Operands, static parts => new Predicate.Or(parts))),
            Predicate.Not not => new Predicate.Not(Rewrite(not.Operand)),
            Predicate.Eq eq => new Predicate.In(eq.Attribute, [Respell(eq.Value), eq.Value]),
            Predicate.Contains contains => new Predicate.Eq(contains.Attribute, Respell(contains.Value)),
            Predicate.Ne ne => new Predicate.And(
                [new Predicate.Not(new Predicate.Contains(ne.Attribute, ne.Value)), new Predicate.Exists(ne.Attribute)]),
            Predicate.In set => random.Next(2) == 0
                ? new Predicate.In(set.Attribute, Shuffle(set.Values.Add(set.Values[0])))
                : new Predicate.Or([.. Shuffle(set.Values).Select(value => new Predicate.Eq(set.Attribute, Respell(value)))]),
            Predicate.Range range => new Predicate.Range(
                range.Attribute,
                range.Lower with { Value = Respell(range.Lower.Value) },
                range.Upper with { Value = Respell(range.Upper.Value) }),
            Predicate.Exists exists when random.Next(2) == 0 => new Predicate.Not(new Predicate.IsNull(exists.Attribute)),
            Predicate.IsNull isNull when random.Next(2) == 0 => new Predicate.Not(new Predicate.Exists(isNull.Attribute)),
            Predicate.TextMatch text => new Predicate.TextMatch(text.Attribute, Reword(text.Query), text.Mode),
            Predicate.Ids ids => new Predicate.Ids(Shuffle(ids.Values.Add(ids.Values[0]))),
            _ => predicate,
        };
        return random.Next(6) switch
        {
            0 => new Predicate.Not(new Predicate.Not(rewritten)),
            1 => new Predicate.And([rewritten, rewritten]),
            2 => new Predicate.Or([rewritten]),
            _ => rewritten,
        };
    }

    /// <summary>Identifiers have none, nor have ranges of two bounds, which on a list are not two conditions.</summary>
    public static bool HasTextForm(Predicate predicate) => predicate switch
    {
        Predicate.And and => and.Operands.All(HasTextForm),
        Predicate.Or or => or.Operands.All(HasTextForm),
        Predicate.Not not => HasTextForm(not.Operand),
        Predicate.Range range => range.Lower.IsOpen || range.Upper.IsOpen,
        Predicate.Ids => false,
        _ => true,
    };

    /// <summary>The filter as text. Identifiers have no form as text.</summary>
    public string ToExpression(Predicate predicate) => predicate switch
    {
        Predicate.And and => "(" + string.Join(random.Next(2) == 0 ? " AND " : "  ", and.Operands.Select(ToExpression)) + ")",
        Predicate.Or or => "(" + string.Join("\tOR ", or.Operands.Select(ToExpression)) + ")",
        Predicate.Not not => (random.Next(2) == 0 ? "NOT (" : "-(") + ToExpression(not.Operand) + ")",
        Predicate.Eq eq => $"{eq.Attribute}={ToText(eq.Value)}",
        Predicate.Contains contains => $"{contains.Attribute}:{ToText(contains.Value)}",
        Predicate.Ne ne => $"{ne.Attribute} != {ToText(ne.Value)}",
        Predicate.In set => $"{set.Attribute} = ({string.Join(" OR ", set.Values.Select(ToText))})",
        Predicate.Range range when range.Upper.IsOpen => LowerText(range),
        Predicate.Range range when range.Lower.IsOpen => UpperText(range),
        Predicate.Exists exists => random.Next(2) == 0 ? $"{exists.Attribute}:*" : $"{exists.Attribute} != null",
        Predicate.IsNull isNull => $"{isNull.Attribute}=null",
        Predicate.Prefix prefix => $"{prefix.Attribute} {(random.Next(2) == 0 ? "=" : ":")} \"{Escape(prefix.Value)}*\"",
        Predicate.TextMatch text => $"text_{(text.Mode == TextMatchMode.Any ? "any" : "match")}({text.Attribute}, '{text.Query}')",
        Predicate.GeoRadius radius => $"geo_radius({radius.Attribute},{ToText(radius.Center)} , {radius.Meters:R})",
        Predicate.GeoBox box => $"geo_box({box.Attribute}, {ToText(box.SouthWest)}, {ToText(box.NorthEast)})",
        _ => throw new InvalidOperationException(),
    };

    private static string LowerText(Predicate.Range range) =>
        $"{range.Attribute} {(range.Lower.Inclusive ? ">=" : ">")} {ToText(range.Lower.Value)}";

    private static string UpperText(Predicate.Range range) =>
        $"{range.Attribute} {(range.Upper.Inclusive ? "<=" : "<")} {ToText(range.Upper.Value)}";

    private static string ToText(AttributeValue value) => value.Kind switch
    {
        AttributeKind.String => "\"" + Escape(value.AsString()) + "\"",
        AttributeKind.Int64 => value.AsInt64().ToString(CultureInfo.InvariantCulture),
        AttributeKind.Double => value.AsDouble().ToString("E17", CultureInfo.InvariantCulture),
        AttributeKind.Bool => value.AsBool() ? "true" : "false",
        _ => $"timestamp(\"{value.AsTimestamp():yyyy-MM-ddTHH:mm:ss.fffffff}Z\")",
    };

    private static string ToText(GeoPoint place) => $"{place.Latitude:R}, {place.Longitude:R}";

    private static string Escape(string text) => text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("*", "\\*");

    /// <summary>The same tokens in another order, one of them twice, with other separators and cases.</summary>
    private string Reword(string query)
    {
        ImmutableArray<string> tokens = Shuffle([.. query.Split(' ')]);
        return string.Join(" ,* ", [tokens[0], .. tokens]).ToUpperInvariant();
    }

    /// <summary>An equal number of the other kind, where there is one.</summary>
    private AttributeValue Respell(AttributeValue value)
    {
        if (value.Kind == AttributeKind.Int64 && Math.Abs((decimal)value.AsInt64()) < 1L << 52 && random.Next(2) == 0)
        {
            return AttributeValue.Of((double)value.AsInt64());
        }

        return value;
    }

    private ImmutableArray<Predicate> Regroup(ImmutableArray<Predicate> operands, Func<ImmutableArray<Predicate>, Predicate> group)
    {
        ImmutableArray<Predicate> shuffled = Shuffle([.. operands.Select(Rewrite)]);
        if (shuffled.Length < 3)
        {
            return shuffled;
        }

        return [shuffled[0], group(shuffled[1..])];
    }

    private ImmutableArray<T> Shuffle<T>(ImmutableArray<T> items)
    {
        T[] copy = [.. items];
        random.Shuffle(copy);
        return [.. copy];
    }
}
