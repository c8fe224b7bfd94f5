using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Querying;

public sealed class CanonicalTests
{
    private static readonly EngineLimits Limits = new() { MaxFilterDepth = 100 };

    [Fact]
    public void TryCompile_RewrittenTree_GivesTheSameText()
    {
        const int Seed = 21;
        Random random = new(Seed);
        RandomFilters filters = new(random);
        Rewriter rewriter = new(random);
        for (int round = 0; round < 3000; round++)
        {
            Predicate written = filters.NextPredicate(4);

            string expected = TextOf(new FilterSpec(null, written));
            string actual = TextOf(new FilterSpec(null, rewriter.Rewrite(written)));

            Assert.True(expected == actual, $"seed {Seed}, round {round}:\n{expected}\n{actual}");
        }
    }

    [Fact]
    public void TryCompile_TreeAsExpression_GivesTheSameText()
    {
        const int Seed = 22;
        Random random = new(Seed);
        RandomFilters filters = new(random);
        Rewriter rewriter = new(random);
        int compared = 0;
        for (int round = 0; round < 3000; round++)
        {
            Predicate written = filters.NextPredicate(4);
            if (!Rewriter.HasTextForm(written))
            {
                continue;
            }

            compared++;
            string expression = rewriter.ToExpression(written);

            string expected = TextOf(new FilterSpec(null, written));
            string actual = TextOf(new FilterSpec(expression, null));

            Assert.True(expected == actual, $"seed {Seed}, round {round}: {expression}\n{expected}\n{actual}");
        }

        Assert.True(compared > 1000);
    }

    [Theory]
    [InlineData("word = a OR word = b OR word = a", "word = (b OR a)")]
    [InlineData("number >= 3 AND number <= 3", "number = 3", "number > 2 number < 4", "number = (3.0)", "number:3")]
    [InlineData("number = null", "NOT number:*", "-(number != null)", "NOT (NOT (NOT number:*))")]
    [InlineData("number != null", "number:*", "NOT number = null", "NOT (NOT (number:*))")]
    [InlineData("word != a", "word:* AND NOT word = a", "-word:a word != null")]
    [InlineData("word != \"a*\"", "word:* AND NOT word = a*")]
    [InlineData("flag = true AND word = a", "word = a AND flag = true", "word = a flag = true flag = true")]
    [InlineData("text_match(prose, 'b a')", "text_match(prose, \"A, b; a\")", "text_match(prose, 'a b* b')")]
    [InlineData("text_any(prose, 'a b*')", "text_any(prose, 'b* bc a')")]
    [InlineData("geo_box(place, -0, 0, 1, 1)", "geo_box(place, 0.0, -0.0, 1e0, 01)")]
    public void TryCompile_EquivalentExpressions_GiveTheSameText(params string[] expressions)
    {
        string[] texts = [.. expressions.Select(text => TextOf(new FilterSpec(text, null)))];

        Assert.Single(texts.Distinct());
    }

    [Fact]
    public void TryCompile_CanonicalTree_IsAFixedPoint()
    {
        RandomFilters filters = new(new Random(23));
        for (int round = 0; round < 1000; round++)
        {
            Assert.True(FilterCompiler.TryCompile(
                new FilterSpec(null, filters.NextPredicate(4)), RandomFilters.Schemas, Limits, new Faults(), out Predicate? canonical));

            Assert.Equal(PredicateText.Of(canonical!), TextOf(new FilterSpec(null, canonical)));
        }
    }

    private static string TextOf(FilterSpec spec)
    {
        Faults faults = new();
        bool compiled = FilterCompiler.TryCompile(spec, RandomFilters.Schemas, Limits, faults, out Predicate? canonical);
        Assert.True(compiled, faults.Any ? $"{spec}: {faults.ToError().Message}" : "");
        return PredicateText.Of(canonical!);
    }
}
