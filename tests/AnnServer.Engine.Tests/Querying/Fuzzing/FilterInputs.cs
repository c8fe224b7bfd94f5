using AnnServer.Engine.Querying;
using AnnServer.Testing.Fuzzing;

namespace AnnServer.Engine.Tests.Querying.Fuzzing;

/// <summary>Filter expressions, right and wrong, each made of a seed and its index.</summary>
internal sealed class FilterInputs
{
    private const int KeptExpressions = 2000;

    private static readonly string[] Tokens =
    [
        "(", ")", "((", "))", "=", "!=", "<", "<=", ">", ">=", ":", "-", "*", ",", "\"", "'", "\\", "\\u00", "\\x", "\\*", "AND", "OR", "NOT", "and",
        "null", "true", "false", "word", "number", "share", "flag", "time", "words", "numbers", "place", "prose", "free", "missing", "a", "b*", "\"a b\"",
        "'x*'", "1", "-1", "2.5", "2024-01-02T00:00:00Z", "timestamp(", "timestamp(\"2024-01-02T00:00:00Z\")", "text_match(", "text_any(prose, 'fox')",
        "geo_radius(place, 1, 2, 3)", "geo_box(place, 0, 0, 1, 1)", "geo_box(", "word = a", "number > 3", "words:(a OR b)", "NOT (", "-(", " ",
    ];

    private static readonly string[] Openings = ["(", "NOT (", "-(", "word = (", "number:(-", "a = (NOT (", "text_match(", "(word = a OR ", "word:(a AND ("];

    private readonly TextMutations _mutations = new(Tokens);
    private readonly string[] _expressions;

    /// <param name="seed">Of the expressions that are right, from which the others are made.</param>
    public FilterInputs(int seed)
    {
        Random random = new(seed);
        RandomFilters filters = new(random);
        Rewriter rewriter = new(random);
        List<string> expressions = [];
        while (expressions.Count < KeptExpressions)
        {
            Predicate written = filters.NextPredicate(random.Next(5));
            if (Rewriter.HasTextForm(written))
            {
                expressions.Add(rewriter.ToExpression(written));
            }
        }

        _expressions = [.. expressions];
    }

    public string Next(Random random) => random.Next(24) switch
    {
        0 => Right(random),
        < 14 => _mutations.Mutate(Right(random), Right(random), random),
        < 19 => _mutations.Soup(random.Next(1, 40), random),
        19 => TextMutations.Noise(random.Next(1, 80), random),
        20 or 21 => Nested(random),
        22 => Listed(random, random.Next(200)),
        _ => random.Next(100) == 0 ? Long(random) : Right(random) + " " + _mutations.Soup(random.Next(4), random),
    };

    private string Right(Random random) => _expressions[random.Next(_expressions.Length)];

    // As deep as may be and deeper, closed and not.
    private string Nested(Random random)
    {
        string opening = Openings[random.Next(Openings.Length)];
        int depth = random.Next(random.Next(4) == 0 ? 400 : 40);
        int closed = random.Next(3) == 0 ? random.Next(depth + 2) : depth;
        string inner = random.Next(3) == 0 ? _mutations.Soup(3, random) : "word = a";
        return Repeat(opening, depth) + inner + Repeat(")", closed);
    }

    private string Listed(Random random, int elements)
    {
        string joint = random.Next(3) switch { 0 => " OR ", 1 => " AND ", _ => " " };
        string name = Tokens[random.Next(26, 36)];
        string[] values = [.. Enumerable.Range(0, elements).Select(_ => random.Next(50) == 0 ? Tokens[random.Next(Tokens.Length)] : $"{random.Next(-50, 50)}")];
        return $"{name} = ({string.Join(joint, values)})";
    }

    // Of about the greatest length, on this side of it and on the other.
    private string Long(Random random)
    {
        string token = random.Next(3) switch
        {
            0 => Tokens[random.Next(Tokens.Length)] + " ",
            1 => Openings[random.Next(Openings.Length)],
            _ => Right(random) + " ",
        };
        int length = 60_000 + random.Next(6_000);
        return random.Next(4) == 0 ? Listed(random, length / 6) : Repeat(token, (length / token.Length) + 1)[..length];
    }

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
}
