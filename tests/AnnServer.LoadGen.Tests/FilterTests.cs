using System.Text.Json;
using AnnServer.LoadGen.Filters;
using AnnServer.LoadGen.Tests.InMemory;
using AnnServer.Protocol.V1;
using CsCheck;
using Google.Protobuf.Reflection;

namespace AnnServer.LoadGen.Tests;

public sealed class FilterTests
{
    private static readonly PointId AnyId = new() { Num = 1 };

    [Theory]
    [InlineData("""{"field":"kind","eq":"a \"b\" \\"}""", """kind = "a \"b\" \\" """)]
    [InlineData("""{"field":"kind","eq":"a*b*"}""", """kind = "a\*b\*" """)]
    [InlineData("""{"field":"pos","range":{"gte":0.25,"lt":1.0}}""", "(pos >= 0.25 AND pos < 1.0)")]
    [InlineData("""{"field":"year","in":[1999,2000]}""", "(year = 1999 OR year = 2000)")]
    [InlineData("""{"field":"lang","exists":false}""", "(NOT lang:*)")]
    [InlineData("""{"and":[{"field":"a","eq":1},{"not":{"field":"b","eq":true}}]}""", "(a = 1 AND (NOT b = true))")]
    [InlineData("""{"or":[{"field":"a","eq":1},{"field":"b","exists":true}]}""", "(a = 1 OR b:*)")]
    public void From_SyntaxTree_WritesTheExpression(string syntaxTree, string expression)
    {
        Assert.Equal(expression.TrimEnd(), FilterExpression.From(Parse(syntaxTree)));
    }

    [Fact]
    public void From_AnyPredicate_MeansTheSameWhenReadBack()
    {
        Gen.Select(PredicateGen(3), AttributesGen).Sample((predicate, attributes) =>
        {
            Predicate readBack = ExpressionReader.Read(FilterExpression.From(predicate));
            Assert.Equal(
                PredicateOracle.Matches(predicate, AnyId, attributes), PredicateOracle.Matches(readBack, AnyId, attributes));
        }, iter: 2000);
    }

    [Theory]
    [InlineData("""{"field":"tags","eq":"x"}""", true)]
    [InlineData("""{"field":"tags","eq":"z"}""", false)]
    [InlineData("""{"not":{"field":"absent","eq":1}}""", true)]
    [InlineData("""{"field":"absent","range":{"gt":0}}""", false)]
    [InlineData("""{"field":"n","range":{"gt":6.5,"lte":7}}""", true)]
    [InlineData("""{"field":"n","eq":7.0}""", true)]
    [InlineData("""{"field":"n","eq":"7"}""", false)]
    [InlineData("""{"field":"tags","in":["q","y"]}""", true)]
    public void Matches_KnownCases_FollowTheContract(string syntaxTree, bool expected)
    {
        Dictionary<string, Value> attributes = new()
        {
            ["tags"] = new Value { StringList = new StringList { Values = { "x", "y" } } },
            ["n"] = new Value { IntValue = 7 },
        };

        Assert.Equal(expected, PredicateOracle.Matches(Parse(syntaxTree), AnyId, attributes));
    }

    [Theory]
    [InlineData("absent = null", true)]
    [InlineData("title = null", false)]
    [InlineData("title = \"The*\"", true)]
    [InlineData("title = \"the*\"", false)]
    [InlineData("tags = \"gr*\"", true)]
    [InlineData("tags = \"gr\\**\"", false)]
    [InlineData("text_match(title, \"ÖLIGE the\")", true)]
    [InlineData("text_match(title, \"the qu\")", false)]
    [InlineData("text_match(title, \"the qu*\")", true)]
    [InlineData("text_any(title, \"the qu\")", true)]
    [InlineData("text_any(title, \"e 8 * u\")", false)]
    [InlineData("text_match(title, \"quick 7\")", true)]
    [InlineData("text_match(tags, \"red\")", true)]
    [InlineData("text_match(tags, \"red green\")", false)]
    [InlineData("text_match(n, \"7\")", false)]
    // One degree along a meridian is 111,195 m on the ball.
    [InlineData("geo_radius(place, 51.0, 180.0, 111196.0)", true)]
    [InlineData("geo_radius(place, 51.0, 180.0, 111194.0)", false)]
    [InlineData("geo_radius(place, 50.0, -180.0, 0.001)", true)]
    [InlineData("geo_box(place, 40.0, 170.0, 50.0, -170.0)", true)]
    [InlineData("geo_box(place, 40.0, -180.0, 60.0, -170.0)", true)]
    [InlineData("geo_box(place, 40.0, -170.0, 60.0, 170.0)", false)]
    [InlineData("geo_box(place, 50.5, 170.0, 60.0, -170.0)", false)]
    [InlineData("geo_box(pole, 80.0, 10.0, 90.0, 20.0)", true)]
    [InlineData("geo_radius(title, 0.0, 0.0, 3e7)", false)]
    public void Matches_StringsAndPlaces_FollowTheContract(string expression, bool expected)
    {
        Dictionary<string, Value> attributes = new()
        {
            ["title"] = new Value { StringValue = "The quick-ölige FOX, 7" },
            ["tags"] = new Value { StringList = new StringList { Values = { "green", "red" } } },
            ["n"] = new Value { IntValue = 7 },
            ["place"] = new Value { GeoPoint = new GeoPoint { Latitude = 50, Longitude = 180 } },
            ["pole"] = new Value { GeoPoint = new GeoPoint { Latitude = 90, Longitude = -100 } },
        };

        Assert.Equal(expected, PredicateOracle.Matches(ExpressionReader.Read(expression), AnyId, attributes));
    }

    [Fact]
    public void Matches_EveryKindOfPredicate_IsKnown()
    {
        foreach (Predicate.KindOneofCase kind in Enum.GetValues<Predicate.KindOneofCase>().Except([Predicate.KindOneofCase.None]))
        {
            Predicate predicate = new();
            FieldDescriptor field = Predicate.Descriptor.FindFieldByNumber((int)kind);
            field.Accessor.SetValue(predicate, Sample(field));
            Assert.IsType<bool>(PredicateOracle.Matches(predicate, AnyId, new Dictionary<string, Value>()));
        }

        static object Sample(FieldDescriptor field) =>
            field.FieldType == FieldType.String ? "a"
            : field.MessageType == Predicate.Descriptor ? new Predicate { Exists = "a" }
            : field.MessageType.Parser.ParseFrom([]);
    }

    [Theory]
    [InlineData(9007199254740993, 9007199254740992.0, 1)]
    [InlineData(long.MaxValue, 9223372036854775808.0, -1)]
    [InlineData(long.MinValue, -9223372036854775808.0, 0)]
    [InlineData(-3, -2.5, -1)]
    [InlineData(-2, -2.5, 1)]
    public void Compare_IntegerWithDouble_IsExact(long whole, double real, int expected)
    {
        Assert.Equal(expected, ValueOrder.Compare(new Value { IntValue = whole }, new Value { DoubleValue = real }));
        Assert.Equal(-expected, ValueOrder.Compare(new Value { DoubleValue = real }, new Value { IntValue = whole }));
    }

    private static Predicate Parse(string syntaxTree)
    {
        using JsonDocument document = JsonDocument.Parse(syntaxTree);
        return FilterSyntaxTree.ToPredicate(document.RootElement);
    }

    private static readonly string[] Strings = ["a", "b \"c\"", "\\", "ü*"];
    private static readonly string[] Queries = ["a", "B \"c\"", "Ü* a"];
    private static readonly string[] Names = ["p", "q", "r"];

    private static readonly Gen<Value> ValueGen = Gen.OneOf(
        Gen.Int[0, 3].Select(x => new Value { IntValue = x }),
        Gen.Int[0, 6].Select(x => new Value { DoubleValue = x / 2.0 }),
        Gen.Int[0, 3].Select(i => new Value { StringValue = Strings[i] }),
        Gen.Bool.Select(x => new Value { BoolValue = x }));

    private static readonly Gen<GeoPoint> PlaceGen = Gen.Select(Gen.Int[-2, 2], Gen.Int[-4, 4]).Select(
        (north, east) => new GeoPoint { Latitude = north * 45, Longitude = east * 45 });

    // Places, too, which are not compared with.
    private static readonly Gen<Value> AttributeGen = Gen.OneOf(ValueGen, PlaceGen.Select(place => new Value { GeoPoint = place }));

    private static readonly Gen<string> NameGen = Gen.Int[0, 2].Select(i => Names[i]);

    private static readonly Gen<Dictionary<string, Value>> AttributesGen = Gen.Select(AttributeGen.Array[3], Gen.Int[0, 7]).Select(
        (values, present) => Enumerable.Range(0, 3).Where(i => (present & (1 << i)) != 0).ToDictionary(i => Names[i], i => values[i]));

    private static Gen<Predicate> PredicateGen(int depth)
    {
        Gen<Predicate> leaf = Gen.OneOf(
            Gen.Select(NameGen, ValueGen, (name, value) => new Predicate { Eq = new Comparison { Attribute = name, Value = value } }),
            Gen.Select(NameGen, ValueGen, (name, value) => new Predicate { Ne = new Comparison { Attribute = name, Value = value } }),
            Gen.Select(NameGen, ValueGen.Array[1, 3], (name, values) =>
                new Predicate { In = new InSet { Attribute = name, Values = { values } } }),
            Gen.Select(NameGen, ValueGen, ValueGen, (name, from, to) =>
                new Predicate { Range = new Interval { Attribute = name, Gte = from, Lt = to } }),
            NameGen.Select(name => new Predicate { Exists = name }),
            NameGen.Select(name => new Predicate { IsNull = name }),
            Gen.Select(NameGen, Gen.Int[0, 3], Gen.Int[1, 2], (name, i, length) => new Predicate
            {
                Prefix = new Comparison { Attribute = name, Value = new Value { StringValue = Strings[i][..Math.Min(length, Strings[i].Length)] } },
            }),
            Gen.Select(NameGen, Gen.Int[0, 2], Gen.Bool, (name, i, any) => new Predicate
            {
                TextMatch = new TextMatch { Attribute = name, Query = Queries[i], Mode = any ? TextMatchMode.Any : TextMatchMode.All },
            }),
            Gen.Select(NameGen, PlaceGen, Gen.Int[0, 20], (name, place, size) => new Predicate
            {
                GeoRadius = new GeoRadius { Attribute = name, Center = place, Meters = size * 1e6 },
            }),
            Gen.Select(NameGen, PlaceGen, PlaceGen, (name, a, b) => new Predicate
            {
                GeoBox = new GeoBox { Attribute = name, SouthWest = a.Latitude <= b.Latitude ? a : b, NorthEast = a.Latitude <= b.Latitude ? b : a },
            }));
        if (depth == 0)
            return leaf;
        Gen<Predicate> inner = PredicateGen(depth - 1);
        return Gen.OneOf(
            leaf,
            inner.Select(operand => new Predicate { Not = operand }),
            inner.Array[1, 3].Select(operands => new Predicate { And = new PredicateList { Predicates = { operands } } }),
            inner.Array[1, 3].Select(operands => new Predicate { Or = new PredicateList { Predicates = { operands } } }));
    }
}
