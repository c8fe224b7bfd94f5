using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.Testing;
using AnnServer.Testing.Fuzzing;

namespace AnnServer.Engine.Tests.Querying.Fuzzing;

/// <summary>
/// Filter expressions of all kinds: each is accepted, and then means the same when it is written another way, or refused with a message
/// and a place in the text. Nothing is thrown.
/// </summary>
public sealed partial class FilterFuzzTests
{
    private const string Accepted = "accepted";

    private static readonly EngineLimits Limits = new();

    // What is written another way may be longer and deeper than it was.
    private static readonly EngineLimits WideLimits = new()
    {
        MaxFilterExpressionLength = 1 << 24,
        MaxFilterDepth = 1000,
        MaxFilterTerms = 100_000,
    };

    private static readonly int Inputs = LaboratoryVariables.Number("ANN_FUZZ_FILTERS", 30_000);

    [Fact]
    public async Task TryCompile_InputsOfAllKinds_AreAcceptedOrRefusedWithAPlace()
    {
        FilterInputs inputs = new(LaboratoryVariables.Seed);
        FuzzRun run = new("filters", Inputs, FuzzRun.Own);

        run.ForEach(index => Compile(inputs.Next(FuzzRun.RandomOf(index)), FuzzRun.RandomOf(~index)));

        TestContext.Current.TestOutputHelper?.WriteLine(await run.EndAsync(TestContext.Current.CancellationToken));
        Assert.True(Inputs < 1000 || run.Count(Accepted) > Inputs / 20, "Hardly an input is accepted.");
        Assert.True(Inputs < 1000 || run.Count(Accepted) < Inputs / 2, "Hardly an input is refused.");
    }

    [Theory]
    [InlineData("(", "")]
    [InlineData("NOT (", "")]
    [InlineData("word = (", "")]
    [InlineData("-word:a ", "")]
    [InlineData("word = a ", "")]
    [InlineData("word = a OR number = 1 ", "((((((((((((((((")]
    [InlineData("number != 3 AND ", "")]
    [InlineData("a b ", "word = (")]
    [InlineData("\"a\" OR ", "word = (")]
    [InlineData("geo_radius(place, 1, 2, 3) ", "")]
    [InlineData(" ", "word = a")]
    [InlineData("\\", "word = '")]
    [InlineData("1", "word = ")]
    public void TryCompile_TwiceAsMuchText_TakesTwiceTheMemory(string unit, string head)
    {
        // Once for what is made once.
        AllocatedBytes(unit, head, 16_000);
        long once = AllocatedBytes(unit, head, 16_000);
        long twice = AllocatedBytes(unit, head, 32_000);

        Assert.InRange(twice, 0, (3 * once) + 10_000);
    }

    private static long AllocatedBytes(string unit, string head, int length)
    {
        string text = head + string.Concat(Enumerable.Repeat(unit, length / unit.Length));
        long before = GC.GetAllocatedBytesForCurrentThread();
        FilterCompiler.TryCompile(new FilterSpec(text, null), RandomFilters.Schemas, Limits, new Faults(), out _);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static string Compile(string text, Random random)
    {
        Faults faults = new();
        if (!FilterCompiler.TryCompile(new FilterSpec(text, null), RandomFilters.Schemas, Limits, faults, out Predicate? canonical))
        {
            Assert.Null(canonical);
            Assert.All(faults.ToError().Violations, violation => AssertPlaced(violation, text));
            return "refused: INVALID_ARGUMENT";
        }

        Assert.False(faults.Any);
        Assert.Equal(string.IsNullOrWhiteSpace(text), canonical is null);
        if (canonical is not null)
        {
            string expected = PredicateText.Of(canonical);
            Assert.Equal(expected, TextOf(new FilterSpec(null, canonical)));
            if (Rewriter.HasTextForm(canonical))
            {
                Assert.Equal(expected, TextOf(new FilterSpec(new Rewriter(random).ToExpression(canonical), null)));
            }
        }

        return Accepted;
    }

    private static string TextOf(FilterSpec spec)
    {
        Faults faults = new();
        bool isCompiled = FilterCompiler.TryCompile(spec, RandomFilters.Schemas, WideLimits, faults, out Predicate? canonical);
        Assert.True(isCompiled, faults.Any ? $"{spec}: {faults.ToError().Message}" : "");
        return PredicateText.Of(canonical!);
    }

    private static void AssertPlaced(FieldViolation violation, string text)
    {
        Assert.Equal("filter.expression", violation.Field);
        // No half of a pair of surrogates, which cannot be sent, unless the text has one.
        Assert.True(IsWellFormed(violation.Description) || !IsWellFormed(text), violation.Description);
        if (text.Length > Limits.MaxFilterExpressionLength)
        {
            Assert.StartsWith($"it is {text.Length} characters long", violation.Description, StringComparison.Ordinal);
            return;
        }

        Match match = Place().Match(violation.Description);
        Assert.True(match.Success, violation.Description);
        Assert.InRange(int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), 1, text.Length + 1);
    }

    private static bool IsWellFormed(string text) => Encoding.Unicode.GetString(Encoding.Unicode.GetBytes(text)) == text;

    [GeneratedRegex(@"\Acolumn (\d+): .{8,}", RegexOptions.Singleline)]
    private static partial Regex Place();
}
