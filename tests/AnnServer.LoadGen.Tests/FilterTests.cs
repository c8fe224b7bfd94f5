using System.Text.Json;
using AnnServer.LoadGen.Filters;
using AnnServer.LoadGen.Tests.InMemory;
using AnnServer.Protocol.V1;
using CsCheck;

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
    private static readonly string[] Names = ["p", "q", "r"];

    private static readonly Gen<Value> ValueGen = Gen.OneOf(
        Gen.Int[0, 3].Select(x => new Value { IntValue = x }),
        Gen.Int[0, 6].Select(x => new Value { DoubleValue = x / 2.0 }),
        Gen.Int[0, 3].Select(i => new Value { StringValue = Strings[i] }),
        Gen.Bool.Select(x => new Value { BoolValue = x }));

    private static readonly Gen<string> NameGen = Gen.Int[0, 2].Select(i => Names[i]);

    private static readonly Gen<Dictionary<string, Value>> AttributesGen = Gen.Select(ValueGen.Array[3], Gen.Int[0, 7]).Select(
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
            NameGen.Select(name => new Predicate { Exists = name }));
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
