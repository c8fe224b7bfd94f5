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
        new("place", AttributeType.GeoPoint),
        new("title", AttributeType.Text),
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
    [InlineData("year = null", "not(year:*)")]
    [InlineData("year=null OR year = 2", "or(not(year:*), year in [2])")]
    [InlineData("year = (null OR 2)", "or(not(year:*), year in [2])")]
    [InlineData("year != null", "year:*")]
    [InlineData("NOT year = null", "year:*")]
    [InlineData("lang = \"null\"", "lang in [\"null\"]")]
    [InlineData("lang = nullable", "lang in [\"nullable\"]")]
    [InlineData("lang = \"en*\"", "lang = \"en\"*")]
    [InlineData("lang = en*", "lang = \"en\"*")]
    [InlineData("lang:'en*'", "lang = \"en\"*")]
    [InlineData("lang != \"en*\"", "and(lang:*, not(lang = \"en\"*))")]
    [InlineData("lang = (\"e*\" OR fr)", "or(lang = \"e\"*, lang in [\"fr\"])")]
    [InlineData("tags:(-a* b)", "and(not(tags = \"a\"*), tags in [\"b\"])")]
    [InlineData("free = \"2024*\"", "free = \"2024\"*")]
    [InlineData("title = \"A \\\"b*\"", "title = \"A \\\"b\"*")]
    [InlineData("lang = \"en\\*\"", "lang in [\"en*\"]")]
    [InlineData("lang = \"\\*en\\\\*\"", "lang = \"*en\\\\\"*")]
    [InlineData("lang < \"en\\*\"", "lang in ( .. \"en*\")")]
    [InlineData("lang = \"\\x41\\u00e9\\x2a\\t\"", "lang in [\"Aé*\t\"]")]
    [InlineData("text_match(title, \"The  quick, FOX\")", "text_match(title, \"fox quick the\")")]
    [InlineData("text_any( title ,'b a b')", "text_any(title, \"a b\")")]
    [InlineData("text_any(title, word)", "text_match(title, \"word\")")]
    [InlineData("text_match(title, \"qui* Quick quick*\")", "text_match(title, \"quick\")")]
    [InlineData("text_any(title, \"quick qui* quill\")", "text_match(title, \"qui*\")")]
    [InlineData("text_any(title, \"qu a quick*\")", "text_any(title, \"a qu quick*\")")]
    [InlineData("text_match(title, \"a\\* b * c\")", "text_match(title, \"a b c\")")]
    [InlineData("text_match(tags, x*) AND lang=en", "and(lang in [\"en\"], text_match(tags, \"x*\"))")]
    [InlineData("NOT text_match(free, x)", "not(text_match(free, \"x\"))")]
    [InlineData("-text_match(free, x) year=1", "and(not(text_match(free, \"x\")), year in [1])")]
    [InlineData("year=1 AND(text_any(free, x))", "and(text_match(free, \"x\"), year in [1])")]
    [InlineData("geo_radius(place, 52.5, 13.4, 1000)", "geo_radius(place, 52.5, 13.4, 1000)")]
    [InlineData("geo_radius(place,-0,-13.4e0,0.0)", "geo_radius(place, 0, -13.4, 0)")]
    [InlineData("geo_box(free, -10, 170, +10.5, -170)", "geo_box(free, -10, 170, 10.5, -170)")]
    [InlineData("geo_box = 1 AND text_match:*", "and(geo_box in [1], text_match:*)")]
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
    [InlineData("year = 1 \U0001F600", 10, "not '\U0001F600'")]
    [InlineData("year = 12abc", 8, "neither a number")]
    [InlineData("year = 111111111111111111111111111111111111111111111111111111111111111\U0001F600", 8, "1…' is neither a number")]
    [InlineData("year > 5s", 8, "durations")]
    [InlineData("year = 1e999", 8, "too large")]
    [InlineData("year = *", 8, "asks for presence")]
    [InlineData("lang = e*n", 8, "a wildcard can only be the end")]
    [InlineData("lang = \"*n\"", 8, "a wildcard can only be the end")]
    [InlineData("lang = \"n**\"", 8, "a wildcard can only be the end")]
    [InlineData("lang = \"*\"", 8, "the prefix is empty")]
    [InlineData("lang < \"e*\"", 8, "a wildcard goes with '=', '!=' and ':', not with '<'")]
    [InlineData("year = \"20*\"", 8, "year is declared INT64, but it is compared with a string")]
    [InlineData("created = \"2024*\"", 11, "created is declared TIMESTAMP, but it is compared with a string")]
    [InlineData("year = 20*", 8, "neither a number")]
    [InlineData("year < null", 8, "null goes with '=' and '!=', not with '<'")]
    [InlineData("year:null", 6, "null goes with")]
    [InlineData("lang = \"a\\q\"", 10, "an escape that means nothing")]
    [InlineData("lang = \"\\u12g4\"", 9, "an escape that means nothing")]
    [InlineData("lang = \"\\x\"", 9, "an escape that means nothing")]
    [InlineData("lang = \"\\", 9, "an escape that means nothing")]
    [InlineData("nonsense(title, \"x\")", 1, "unknown function 'nonsense'; there are text_match, text_any, geo_radius and geo_box")]
    [InlineData("text_match()", 12, "expected an argument")]
    [InlineData("text_match(title, )", 19, "expected an argument")]
    [InlineData("text_match(title", 17, "expected ',' or ')'")]
    [InlineData("text_match(title \"x\")", 18, "expected ',' or ')'")]
    [InlineData("text_match(title)", 1, "expected text_match(attribute, words), with 2 arguments instead of 1")]
    [InlineData("year = 1 OR text_any(title, a, b)", 13, "expected text_any(attribute, words), with 2 arguments instead of 3")]
    [InlineData("text_match(\"title\", \"x\")", 12, "expected the name of an attribute")]
    [InlineData("text_match(a.b, \"x\")", 12, "'a.b' is not an attribute")]
    [InlineData("text_match(title, \"... *\")", 1, "no token")]
    [InlineData("text_match(title, \"x)", 19, "no closing quote")]
    [InlineData("text_match(year, \"x\")", 1, "year is declared INT64, but it is compared with a string")]
    [InlineData("text_match(place, \"x\")", 1, "place is declared GEO_POINT, but it is compared with a string")]
    [InlineData("geo_radius(place, 1, 2)", 1, "expected geo_radius(attribute, latitude, longitude, meters), with 4 arguments instead of 3")]
    [InlineData("geo_radius(place, north, 2, 3)", 19, "expected the latitude as a number")]
    [InlineData("geo_radius(place, 1, \"2\", 3)", 22, "expected the longitude as a number")]
    [InlineData("geo_radius(place, 1, 2, 3km)", 25, "expected the radius in meters as a number")]
    [InlineData("geo_radius(place, 91, 2, 3)", 1, "the center has the latitude 91; -90 to 90 are allowed")]
    [InlineData("geo_radius(place, 1, 2, -3)", 1, "the radius is -3")]
    [InlineData("geo_radius(place, 1, 2, 1e999)", 1, "the radius is")]
    [InlineData("geo_radius(lang, 1, 2, 3)", 1, "lang is declared KEYWORD, but a place on the earth is asked for")]
    [InlineData("geo_box(place, 1, 2, 3)", 1, "expected geo_box(attribute, south, west, north, east), with 5 arguments instead of 4")]
    [InlineData("geo_box(place, 1, 2, x, 4)", 22, "expected the north as a number")]
    [InlineData("geo_box(place, 3, 2, 1, 4)", 1, "the south, 3, is north of the north, 1")]
    [InlineData("geo_box(place, 1, 2, 3, 181)", 1, "the north-east corner has the longitude 181; -180 to 180 are allowed")]
    [InlineData("place = 5", 9, "place is declared GEO_POINT, but it is compared with an int64")]
    [InlineData("title = 5", 9, "title is declared TEXT, but it is compared with an int64")]
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
            "null", "text_match(", "text_any(title,", "geo_radius(", "geo_box(place,", "place", "title", "\"a b*\"", "x*", "\\*", "90", "1e400",
        ];
        string[] sound =
        [
            "lang = \"en\" AND year >= 2020 AND NOT tags:(\"draft\" OR 'old')", "created > timestamp(\"2024-01-01T00:00:00Z\") -draft=true",
            "(pos < -1.5e3 OR free:*) AND codes != (1 OR -2)", "year = null OR lang = \"e*\" AND free != 'x\\*'",
            "text_match(title, \"quick bro*\") -text_any(tags, 'a, b')", "geo_radius(place, 52.5, -13.4, 1e3) OR geo_box(free, -1, 170, 2.5, -170)",
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
