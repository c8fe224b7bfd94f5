using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Attributes;

public sealed class AttributeRulesTests
{
    private static readonly AttributeSchema[] Schemas =
    [
        new("year", AttributeType.Int64), new("share", AttributeType.Double), new("tags", AttributeType.KeywordList),
        new("place", AttributeType.GeoPoint), new("title", AttributeType.Text),
    ];

    public static TheoryData<string, AttributeValue, string> Faulty => new()
    {
        { "", AttributeValue.Of(1L), "1 to 128 characters" },
        { "1a", AttributeValue.Of(1L), "1 to 128 characters" },
        { "a-b", AttributeValue.Of(1L), "1 to 128 characters" },
        { "é", AttributeValue.Of(1L), "1 to 128 characters" },
        { "free", default, "no value" },
        { "free", AttributeValue.Of(double.NaN), "finite" },
        { "free", AttributeValue.Of(double.PositiveInfinity), "finite" },
        { "free", AttributeValue.Of("\ud800"), "surrogate" },
        { "free", AttributeValue.Of(["ok", "\udc00x"]), "surrogate" },
        { "free", AttributeValue.Of(new GeoPoint(90.5, 0)), "has the latitude 90.5; -90 to 90 are allowed" },
        { "free", AttributeValue.Of(new GeoPoint(0, -180.001)), "has the longitude -180.001; -180 to 180 are allowed" },
        { "free", AttributeValue.Of(new GeoPoint(double.NaN, 0)), "latitude NaN" },
        { "place", AttributeValue.Of(new GeoPoint(0, double.PositiveInfinity)), "longitude" },
        { "place", AttributeValue.Of("52.5,13.4"), "declared GEO_POINT, but the value is a string" },
        { "title", AttributeValue.Of(1L), "declared TEXT, but the value is an int64" },
        { "year", AttributeValue.Of("2020"), "declared INT64, but the value is a string" },
        { "year", AttributeValue.Of(2020.0), "declared INT64, but the value is a double" },
        { "tags", AttributeValue.Of("x"), "declared KEYWORD_LIST, but the value is a string" },
    };

    [Theory]
    [MemberData(nameof(Faulty))]
    public void CheckAndEncode_FaultyAttribute_NamesItUnderThePrefix(string name, AttributeValue value, string want)
    {
        Faults faults = new();
        byte[]? blob;
        using (faults.Within("points[3]"))
        {
            blob = AttributeRules.CheckAndEncode(
                new Dictionary<string, AttributeValue> { ["sound"] = AttributeValue.Of(1L), [name] = value }, Schemas, new EngineLimits(), faults);
        }

        Assert.Null(blob);
        FieldViolation violation = Assert.Single(faults.ToError().Violations);
        Assert.Equal($"points[3].attributes[\"{name}\"]", violation.Field);
        Assert.Contains(want, violation.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckAndEncode_Int64ForDouble_IsConverted()
    {
        byte[]? blob = AttributeRules.CheckAndEncode(
            new Dictionary<string, AttributeValue> { ["share"] = AttributeValue.Of(2L), ["year"] = AttributeValue.Of(3L) },
            Schemas,
            new EngineLimits(),
            new Faults());

        Dictionary<string, AttributeValue> stored = AttributeCodec.Decode(blob);
        Assert.Equal(AttributeValue.Of(2.0), stored["share"]);
        Assert.Equal(AttributeValue.Of(3L), stored["year"]);
    }

    [Fact]
    public void CheckAndEncode_OverALimit_NamesIt()
    {
        Dictionary<string, AttributeValue> attributes = new() { ["a"] = AttributeValue.Of(new string('x', 100)), ["b"] = AttributeValue.Of(1L) };
        Faults tooMany = new();
        Faults tooLong = new();
        Faults tooLarge = new();

        Assert.Null(AttributeRules.CheckAndEncode(attributes, [], new EngineLimits { MaxAttributesPerPoint = 1 }, tooMany));
        Assert.Null(AttributeRules.CheckAndEncode(attributes, [], new EngineLimits { MaxAttributeBytesPerPoint = 100 }, tooLarge));

        EngineLimits small = new() { MaxAttributeBytesPerPoint = 2 };
        Assert.Null(AttributeRules.CheckAndEncode(
            new Dictionary<string, AttributeValue> { ["a"] = AttributeValue.Of([1L, 2L, 3L]), ["b"] = AttributeValue.Of(["", "", ""]) }, [], small, tooLong));

        Assert.Equal(2, tooLong.ToError().Violations.Count);
        Assert.Contains("the limit is 1", tooMany.ToError().Message, StringComparison.Ordinal);
        Assert.Contains("the limit is 100", tooLarge.ToError().Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a b c", true)]
    [InlineData("a-a a", true)]
    [InlineData("abc def ghi...................", true)]
    [InlineData("a b c d", false)]
    public void CheckAndEncode_TextOfManyTokens_IsRefusedWhereItIsDeclared(string title, bool expected)
    {
        EngineLimits limits = new() { MaxTextTokens = 3 };
        Dictionary<string, AttributeValue> attributes = new() { ["title"] = AttributeValue.Of(title) };
        Faults faults = new();

        Assert.Equal(expected, AttributeRules.CheckAndEncode(attributes, Schemas, limits, faults) is not null);
        Assert.NotNull(AttributeRules.CheckAndEncode(attributes, [], limits, new Faults()));
        if (!expected)
        {
            Assert.Equal("it has more than 3 tokens", Assert.Single(faults.ToError().Violations).Description);
        }
    }

    [Fact]
    public void SchemaRules_FaultyDeclarations_NamesEach()
    {
        AttributeSchema[] schemas =
        [
            new("a", AttributeType.Keyword), new("a", AttributeType.Bool), new("b c", AttributeType.Bool), new("d", 0), new("e", (AttributeType)99),
        ];
        Faults faults = new();

        Assert.False(SchemaRules.Check(schemas, new EngineLimits { MaxIndexedAttributes = 4 }, faults));

        string[] fields = [.. faults.ToError().Violations.Select(violation => violation.Field)];
        Assert.Equal(["attributes", "attributes[1].name", "attributes[2].name", "attributes[3].type", "attributes[4].type"], fields);
        Assert.True(SchemaRules.Check(Schemas, new EngineLimits(), new Faults()));
    }
}
