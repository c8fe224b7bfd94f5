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
            if (!HasTextForm(written))
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

    /// <summary>Identifiers have none, nor have ranges of two bounds, which on a list are not two conditions.</summary>
    private static bool HasTextForm(Predicate predicate) => predicate switch
    {
        Predicate.And and => and.Operands.All(HasTextForm),
        Predicate.Or or => or.Operands.All(HasTextForm),
        Predicate.Not not => HasTextForm(not.Operand),
        Predicate.Range range => range.Lower.IsOpen || range.Upper.IsOpen,
        Predicate.Ids => false,
        _ => true,
    };
}
