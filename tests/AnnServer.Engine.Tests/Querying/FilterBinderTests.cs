using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Querying;

public sealed class FilterBinderTests
{
    private static readonly AttributeSchema[] Schemas =
    [
        new("lang", AttributeType.Keyword),
        new("year", AttributeType.Int64),
        new("pos", AttributeType.Double),
        new("created", AttributeType.Timestamp),
    ];

    private static readonly Predicate Sound = new Predicate.Exists("lang");

    private static readonly AttributeValue Text = AttributeValue.Of("x");

    private static readonly AttributeValue Number = AttributeValue.Of(1L);

    public static TheoryData<string, Func<Predicate>, string> Faulty => new()
    {
        { "filter.predicate.and.predicates[1].range", () => new Predicate.And([Sound, new Predicate.Range("year", default, default)]), "at least one of" },
        { "filter.predicate.or.predicates", () => new Predicate.Or([]), "at least one predicate" },
        { "filter.predicate.and.predicates", () => new Predicate.And(default), "at least one predicate" },
        { "filter.predicate.not.in.values", () => new Predicate.Not(new Predicate.In("lang", [])), "at least one value" },
        { "filter.predicate.in.values[1]", () => new Predicate.In("lang", [Text, Number]), "declared KEYWORD, but it is compared with an int64" },
        { "filter.predicate.eq.value", () => new Predicate.Eq("year", Text), "declared INT64, but it is compared with a string" },
        { "filter.predicate.ne.value", () => new Predicate.Ne("year", default), "no value" },
        { "filter.predicate.contains.value", () => new Predicate.Contains("free", AttributeValue.Of([1L])), "list" },
        { "filter.predicate.eq.attribute", () => new Predicate.Eq("a b", Text), "letters, digits and underscores" },
        { "filter.predicate.exists", () => new Predicate.Exists(""), "letters, digits and underscores" },
        { "filter.predicate.ids.ids", () => new Predicate.Ids([]), "at least one identifier" },
        { "filter.predicate.ids.ids[1]", () => new Predicate.Ids([PointId.FromNumber(1), default]), "names no point" },
        { "filter.predicate.range.gte", () => new Predicate.Range("pos", new(AttributeValue.Of(double.NaN), true), default), "finite" },
        { "filter.predicate.range.lt", () => new Predicate.Range("created", default, new(Text, false)), "RFC 3339" },
        { "filter.predicate.is_null", () => new Predicate.IsNull("a b"), "letters, digits and underscores" },
        { "filter.predicate.prefix.attribute", () => new Predicate.Prefix("", "x"), "letters, digits and underscores" },
        { "filter.predicate.prefix.value", () => new Predicate.Prefix("lang", ""), "the prefix is empty" },
        { "filter.predicate.prefix.value", () => new Predicate.Prefix("year", "2"), "year is declared INT64, but it is compared with a string" },
        { "filter.predicate.prefix.value", () => new Predicate.Prefix("free", "\ud800"), "surrogate" },
        { "filter.predicate.text_match.attribute", () => new Predicate.TextMatch("a-b", "x", TextMatchMode.All), "letters, digits and underscores" },
        { "filter.predicate.text_match.query", () => new Predicate.TextMatch("lang", " -*", TextMatchMode.All), "no token" },
        { "filter.predicate.not.text_match.query", () => new Predicate.Not(new Predicate.TextMatch("pos", "x", TextMatchMode.Any)), "declared DOUBLE" },
        { "filter.predicate.text_match.query", () => new Predicate.TextMatch("free", Words(257), TextMatchMode.Any), "it has 257 tokens; the limit is 256" },
        { "filter.predicate.geo_radius.attribute", () => new Predicate.GeoRadius("lang", new(1, 2), 3), "lang is declared KEYWORD" },
        { "filter.predicate.geo_radius.center", () => new Predicate.GeoRadius("free", new(double.NaN, 2), 3), "the center has the latitude NaN" },
        { "filter.predicate.geo_radius.meters", () => new Predicate.GeoRadius("free", new(1, 2), double.NaN), "the radius is NaN" },
        { "filter.predicate.geo_box.attribute", () => new Predicate.GeoBox("1", new(1, 2), new(3, 4)), "letters, digits and underscores" },
        { "filter.predicate.geo_box.south_west", () => new Predicate.GeoBox("free", new(1, -181), new(3, 4)), "the longitude -181" },
        { "filter.predicate.geo_box", () => new Predicate.GeoBox("free", new(3, 2), new(1, 4)), "the south, 3, is north of the north, 1" },
        { "filter.predicate.eq.value", () => new Predicate.Eq("free", AttributeValue.Of(new GeoPoint(1, 2))), "use geo_radius or geo_box" },
        { "filter.predicate.range.gt", () => new Predicate.Range("free", new(AttributeValue.Of(true), false), default), "no order" },
        { "filter.predicate.range", () => new Predicate.Range("free", new(Text, false), new(Number, false)), "its bounds are a string and an int64" },
        { "filter.predicate.eq.value", () => new Predicate.Eq("lang", AttributeValue.Of("\ud800")), "surrogate" },
        { "filter.predicate.and.predicates[0]", () => new Predicate.And([null!]), "no predicate" },
    };

    [Theory]
    [MemberData(nameof(Faulty))]
    public void TryCompile_FaultyTree_NamesTheField(string field, Func<Predicate> tree, string want)
    {
        Faults faults = new();

        bool compiled = FilterCompiler.TryCompile(new FilterSpec(null, tree()), Schemas, new EngineLimits(), faults, out Predicate? canonical);

        Assert.False(compiled);
        Assert.Null(canonical);
        FieldViolation violation = Assert.Single(faults.ToError().Violations);
        Assert.Equal(field, violation.Field);
        Assert.Contains(want, violation.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void TryCompile_SeveralFaultsOfABox_NamesEach()
    {
        Faults faults = new();

        Assert.False(FilterCompiler.TryCompile(
            new FilterSpec(null, new Predicate.GeoBox("lang", new(-91, 0), new(0, 200))), Schemas, new EngineLimits(), faults, out _));

        Assert.Equal(
            ["filter.predicate.geo_box.attribute", "filter.predicate.geo_box.south_west", "filter.predicate.geo_box.north_east"],
            faults.ToError().Violations.Select(violation => violation.Field));
    }

    [Fact]
    public void TryCompile_TokensOfTexts_AreTerms()
    {
        EngineLimits limits = new() { MaxFilterTerms = 10 };
        Faults faults = new();

        Assert.True(FilterCompiler.TryCompile(
            new FilterSpec(null, new Predicate.TextMatch("free", Words(10), TextMatchMode.All)), Schemas, limits, new Faults(), out _));
        Assert.False(FilterCompiler.TryCompile(new FilterSpec($"text_any(free, \"{Words(11)}\")", null), Schemas, limits, faults, out _));

        Assert.Contains("more than 10 terms", faults.ToError().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryCompile_DeepTree_IsRefusedAtTheLimit()
    {
        Predicate tree = Sound;
        for (int i = 0; i < 100_000; i++)
        {
            tree = new Predicate.Not(tree);
        }

        Faults faults = new();

        Assert.False(FilterCompiler.TryCompile(new FilterSpec(null, tree), Schemas, new EngineLimits(), faults, out _));

        Assert.Contains("deeper than 32 levels", faults.ToError().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryCompile_ManyTerms_IsRefusedAtTheLimit()
    {
        Predicate atLimit = new Predicate.In("year", [.. Enumerable.Range(0, 10).Select(i => AttributeValue.Of((long)i))]);
        EngineLimits limits = new() { MaxFilterTerms = 10 };
        Faults faults = new();

        Assert.True(FilterCompiler.TryCompile(new FilterSpec(null, atLimit), Schemas, limits, new Faults(), out _));
        Assert.False(FilterCompiler.TryCompile(new FilterSpec(null, new Predicate.And([atLimit, Sound])), Schemas, limits, faults, out _));

        Assert.Contains("more than 10 terms", faults.ToError().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryCompile_BothForms_IsRefused()
    {
        Faults faults = new();

        Assert.False(FilterCompiler.TryCompile(new FilterSpec("a=1", Sound), Schemas, new EngineLimits(), faults, out _));

        Assert.Equal("filter", Assert.Single(faults.ToError().Violations).Field);
    }

    [Fact]
    public void TryCompile_IntegerNoDoubleHolds_IsWidenedAsStoredValuesAre()
    {
        AttributeValue large = AttributeValue.Of((1L << 53) + 1);
        Dictionary<string, AttributeValue> attributes = new() { ["pos"] = large };
        byte[]? blob = AttributeRules.CheckAndEncode(attributes, Schemas, new EngineLimits(), new Faults());
        Assert.True(FilterCompiler.TryCompile(
            new FilterSpec(null, new Predicate.Eq("pos", large)), Schemas, new EngineLimits(), new Faults(), out Predicate? canonical));

        LeafTest leaf = new(Assert.IsType<Predicate.In>(canonical));

        Assert.True(leaf.Matches(blob));
    }

    private static string Words(int count) => string.Join(' ', Enumerable.Range(0, count).Select(i => $"w{i}"));
}
