using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Querying;

public sealed class FilterExpressionTests
{
    private static readonly AttributeSchema[] Schemas =
    [
        new("lang", AttributeType.Keyword),
        new("year", AttributeType.Int64),
        new("pos", AttributeType.Double),
        new("draft", AttributeType.Bool),
        new("created", AttributeType.Timestamp),
        new("tags", AttributeType.KeywordList),
        new("codes", AttributeType.Int64List),
    ];

    [Theory]
    [InlineData("lang = \"en\"", "lang in [\"en\"]")]
    [InlineData("lang=en", "lang in [\"en\"]")]
    [InlineData("lang = 'e\\'n'", "lang in [\"e'n\"]")]
    [InlineData("lang = \"a\\\"b\\\\\"", "lang in [\"a\\\"b\\\\\"]")]
    [InlineData("lang = en-US", "lang in [\"en-US\"]")]
    [InlineData("lang != \"en\"", "and(lang:*, not(lang in [\"en\"]))")]
    [InlineData("lang:*", "lang:*")]
    [InlineData("NOT lang:*", "not(lang:*)")]
    [InlineData("NOT (NOT lang:*)", "lang:*")]
    [InlineData("-lang:*", "not(lang:*)")]
    [InlineData("-tags:\"x\"", "not(tags in [\"x\"])")]
    [InlineData("tags:\"x\"", "tags in [\"x\"]")]
    [InlineData("tags:(\"b\" OR \"a\")", "tags in [\"a\", \"b\"]")]
    [InlineData("tags:(\"b\" AND \"a\")", "and(tags in [\"a\"], tags in [\"b\"])")]
    [InlineData("tags:(b a)", "and(tags in [\"a\"], tags in [\"b\"])")]
    [InlineData("tags:(a AND NOT b)", "and(not(tags in [\"b\"]), tags in [\"a\"])")]
    [InlineData("lang = (\"en\" OR \"fr\" OR \"en\")", "lang in [\"en\", \"fr\"]")]
    [InlineData("lang = (en OR fr) year = 2", "and(lang in [\"en\", \"fr\"], year in [2])")]
    [InlineData("lang = (en OR fr) OR year = 2 AND lang:*", "and(lang:*, or(lang in [\"en\", \"fr\"], year in [2]))")]
    [InlineData("year = (-5 OR 3)", "year in [-5, 3]")]
    [InlineData("tags:(-a b)", "and(not(tags in [\"a\"]), tags in [\"b\"])")]
    [InlineData("lang = ((en))", "lang in [\"en\"]")]
    [InlineData("year >= 2020", "year in [2020 .. )")]
    [InlineData("year > 2020", "year in [2021 .. )")]
    [InlineData("year < -5", "year in ( .. -6]")]
    [InlineData("year <= 1e3", "year in ( .. 1000]")]
    [InlineData("year > 2.5", "year in [3 .. )")]
    [InlineData("year >= 2000 AND year <= 2010", "year in [2000 .. 2010]")]
    [InlineData("year >= 2000 year <= 2010", "year in [2000 .. 2010]")]
    [InlineData("year >= 2000 AND year <= 2000", "year in [2000]")]
    [InlineData("codes >= 5 AND codes <= 7", "and(codes in ( .. 7], codes in [5 .. ))")]
    [InlineData("pos = 1", "pos in [1]")]
    [InlineData("pos = -1.5", "pos in [-1.5]")]
    [InlineData("pos > 9007199254740993", "pos in (9007199254740992 .. )")]
    [InlineData("draft = true", "draft in [true]")]
    [InlineData("draft = (true OR false)", "draft in [false, true]")]
    [InlineData("created > \"2024-01-01T00:00:00Z\"", "created in (2024-01-01T00:00:00.0000000Z .. )")]
    [InlineData("created > 2024-01-01T01:00:00+01:00", "created in (2024-01-01T00:00:00.0000000Z .. )")]
    [InlineData("created = timestamp(\"2024-01-01T00:00:00.123456789Z\")", "created in [2024-01-01T00:00:00.1234567Z]")]
    [InlineData("free = 5", "free in [5]")]
    [InlineData("free = 5.0", "free in [5]")]
    [InlineData("free = \"5\"", "free in [\"5\"]")]
    [InlineData("free = true", "free in [true]")]
    [InlineData("free = \"2024-01-01T00:00:00Z\"", "free in [\"2024-01-01T00:00:00Z\", 2024-01-01T00:00:00.0000000Z]")]
    [InlineData(
        "free < \"2024-01-01T00:00:00Z\"",
        "or(free in ( .. \"2024-01-01T00:00:00Z\"), free in ( .. 2024-01-01T00:00:00.0000000Z))")]
    [InlineData("a=1 AND b=2 OR c=3", "and(a in [1], or(b in [2], c in [3]))")]
    [InlineData("a=1 b=2 AND c=3", "and(a in [1], b in [2], c in [3])")]
    [InlineData("a=1 OR b=2 c=3", "and(c in [3], or(a in [1], b in [2]))")]
    [InlineData("(a=1 AND b=2) OR c=3", "or(and(a in [1], b in [2]), c in [3])")]
    [InlineData("a=1 OR a=2 OR a=1", "a in [1, 2]")]
    [InlineData("NOT(a=1)", "not(a in [1])")]
    [InlineData("NOT a=1 OR b=2", "or(b in [2], not(a in [1]))")]
    [InlineData("ANDROID=1 AND ORDER=2 AND NOTE=3", "and(ANDROID in [1], NOTE in [3], ORDER in [2])")]
    [InlineData("and=1 AND or=2", "and(and in [1], or in [2])")]
    [InlineData("  a\n=\t1  ", "a in [1]")]
    [InlineData("a=1 (b=2)", "and(a in [1], b in [2])")]
    [InlineData("lang >= \"b\" AND lang < \"c\"", "lang in [\"b\" .. \"c\")")]
    public void TryCompile_ValidExpression_GivesCanonicalTree(string expression, string expected)
    {
        Faults faults = new();

        bool compiled = FilterCompiler.TryCompile(new FilterSpec(expression, null), Schemas, new EngineLimits(), faults, out Predicate? predicate);

        Assert.True(compiled, faults.Any ? faults.ToError().Message : "");
        Assert.Equal(expected, PredicateText.Of(predicate!));
    }

    [Theory]
    [InlineData("lang", 5, "expected a comparator")]
    [InlineData("lang AND year = 1", 6, "expected a comparator")]
    [InlineData("\"en\"", 1, "needs an attribute")]
    [InlineData("42", 3, "expected a comparator")]
    [InlineData("lang =", 7, "expected a value")]
    [InlineData("lang = AND", 8, "expected a value")]
    [InlineData("lang = )", 8, "expected a value")]
    [InlineData("lang = \"en", 8, "no closing quote")]
    [InlineData("year = 5 AND lang = 'en", 21, "no closing quote")]
    [InlineData("year = 1 AND", 13, "expected a condition")]
    [InlineData("year = 1 OR", 12, "expected a condition")]
    [InlineData("AND year = 1", 1, "expected a condition")]
    [InlineData("NOT", 4, "expected a condition")]
    [InlineData("(year = 1", 10, "expected AND, OR or ')'")]
    [InlineData("year = 1)", 9, "expected AND, OR or the end")]
    [InlineData("()", 2, "expected a condition")]
    [InlineData("year = 1 ; lang = 2", 10, "not ';'")]
    [InlineData("year = 12abc", 8, "neither a number")]
    [InlineData("year > 5s", 8, "durations")]
    [InlineData("year = 1e999", 8, "too large")]
    [InlineData("year = *", 8, "asks for presence")]
    [InlineData("lang = e*", 8, "wildcards")]
    [InlineData("author.name = \"x\"", 1, "is not an attribute")]
    [InlineData("1year = 2", 1, "is not an attribute")]
    [InlineData("created = timestamp(5)", 21, "time in quotes")]
    [InlineData("created = timestamp(\"yesterday\")", 11, "RFC 3339")]
    [InlineData("created = now()", 11, "unknown function")]
    [InlineData("year = \"abc\"", 8, "year is declared INT64, but it is compared with a string")]
    [InlineData("lang = 5", 8, "lang is declared KEYWORD, but it is compared with an int64")]
    [InlineData("lang = true", 8, "lang is declared KEYWORD, but it is compared with a bool")]
    [InlineData("draft = \"true\"", 9, "draft is declared BOOL, but it is compared with a string")]
    [InlineData("draft > false", 9, "no order")]
    [InlineData("created > \"yesterday\"", 11, "RFC 3339")]
    [InlineData("lang=en AND tags:(a OR 5)", 24, "tags is declared KEYWORD_LIST")]
    [InlineData("tags:(a OR )", 12, "expected a value")]
    [InlineData("a = \"\\ud800\"", 5, "surrogate")]
    public void TryCompile_InvalidExpression_NamesColumnAndWant(string expression, int column, string want)
    {
        Faults faults = new();

        bool compiled = FilterCompiler.TryCompile(new FilterSpec(expression, null), Schemas, new EngineLimits(), faults, out Predicate? predicate);

        Assert.False(compiled);
        Assert.Null(predicate);
        FieldViolation violation = Assert.Single(faults.ToError().Violations);
        Assert.Equal("filter.expression", violation.Field);
        Assert.StartsWith($"column {column}: ", violation.Description, StringComparison.Ordinal);
        Assert.Contains(want, violation.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void TryCompile_SeveralMistypedValues_NamesEach()
    {
        Faults faults = new();

        FilterCompiler.TryCompile(new FilterSpec("year = x AND lang = 5", null), Schemas, new EngineLimits(), faults, out _);

        Assert.Equal(2, faults.ToError().Violations.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \t\n")]
    [InlineData(null)]
    public void TryCompile_NoFilter_GivesNoPredicate(string? expression)
    {
        bool compiled = FilterCompiler.TryCompile(new FilterSpec(expression, null), Schemas, new EngineLimits(), new Faults(), out Predicate? predicate);

        Assert.True(compiled);
        Assert.Null(predicate);
    }

    [Theory]
    [InlineData(32, true)]
    [InlineData(33, false)]
    [InlineData(20_000, false)]
    public void TryCompile_NestedParentheses_AreLimited(int depth, bool expected)
    {
        string conditions = new string('(', depth) + "a=1" + new string(')', depth);
        string values = "a=" + new string('(', depth) + "1" + new string(')', depth);
        string negations = string.Concat(Enumerable.Repeat("NOT (", depth)) + "a=1" + new string(')', depth);
        foreach (string expression in (string[])[conditions, values, negations])
        {
            Faults faults = new();

            bool compiled = FilterCompiler.TryCompile(
                new FilterSpec(expression, null),
                Schemas,
                new EngineLimits { MaxFilterExpressionLength = 1 << 20 },
                faults,
                out _);

            Assert.Equal(expected, compiled);
            if (!expected)
            {
                Assert.Contains("nested deeper than 32 levels", faults.ToError().Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void TryCompile_TooLongOrTooManyTerms_NamesTheLimit()
    {
        Faults tooLong = new();
        Faults tooMany = new();

        Assert.False(FilterCompiler.TryCompile(new FilterSpec(new string('a', 65537), null), [], new EngineLimits(), tooLong, out _));
        string many = "a=(" + string.Join(" OR ", Enumerable.Range(0, 11)) + ")";
        Assert.False(FilterCompiler.TryCompile(new FilterSpec(many, null), [], new EngineLimits { MaxFilterTerms = 10 }, tooMany, out _));

        Assert.Contains("65536", tooLong.ToError().Message, StringComparison.Ordinal);
        Assert.Contains("more than 10 terms", tooMany.ToError().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryCompile_RandomText_GivesTreeOrViolation()
    {
        const int Seed = 20260101;
        Random random = new(Seed);
        string[] tokens =
        [
            "AND", "OR", "NOT", "-", "(", ")", "lang", "year", "free", "=", "!=", "<", "<=", ">", ">=", ":", "*", "\"", "'", "\\", "5",
            "-3.5", "1e9", "true", "\"en\"", "'x'", "timestamp(", "\\u", "\\x4", "d800", ",", ".", " ", " ", " ", "\t", "é", "\ud800", "2024-01-01T00:00:00Z", "\0",
        ];
        string[] sound =
        [
            "lang = \"en\" AND year >= 2020 AND NOT tags:(\"draft\" OR 'old')", "created > timestamp(\"2024-01-01T00:00:00Z\") -draft=true",
            "(pos < -1.5e3 OR free:*) AND codes != (1 OR -2)",
        ];
        int compiledCount = 0;
        for (int round = 0; round < 10_000; round++)
        {
            string expression = round % 2 == 0
                ? string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => tokens[random.Next(tokens.Length)] + (random.Next(2) == 0 ? " " : "")))
                : Damage(sound[random.Next(sound.Length)], tokens, random);
            Faults faults = new();

            bool compiled = FilterCompiler.TryCompile(new FilterSpec(expression, null), Schemas, new EngineLimits(), faults, out Predicate? predicate);

            Assert.True(compiled != faults.Any, $"seed {Seed}, round {round}: {expression}");
            if (!compiled)
            {
                Assert.All(faults.ToError().Violations, violation => Assert.StartsWith("filter.expression", violation.Field, StringComparison.Ordinal));
            }
            else if (predicate is not null)
            {
                compiledCount++;
                Assert.NotEmpty(PredicateText.Of(predicate));
            }
        }

        Assert.True(compiledCount > 100);
    }

    private static string Damage(string expression, string[] tokens, Random random)
    {
        for (int i = random.Next(4); i >= 0; i--)
        {
            int at = random.Next(expression.Length);
            expression = random.Next(2) == 0 ? expression.Remove(at, 1) : expression.Insert(at, tokens[random.Next(tokens.Length)]);
        }

        return expression;
    }
}
