using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>What stands right of a comparator: a value, the star of a presence test, null, a beginning, or a combination of such.</summary>
internal abstract record FilterArgument
{
    private FilterArgument()
    {
    }

    /// <param name="Value">The value; no value for the star.</param>
    /// <param name="Offset">Where it stands in the expression.</param>
    public sealed record Literal(AttributeValue Value, int Offset) : FilterArgument
    {
        public bool IsStar => Value.Kind == AttributeKind.None;
    }

    public sealed record Null(int Offset) : FilterArgument;

    /// <summary>A string that ends in a wildcard, without it.</summary>
    public sealed record Prefix(string Text, int Offset) : FilterArgument;

    public sealed record All(IReadOnlyList<FilterArgument> Parts) : FilterArgument;

    public sealed record Any(IReadOnlyList<FilterArgument> Parts) : FilterArgument;

    public sealed record Except(FilterArgument Part) : FilterArgument;

    /// <summary>A string in quotes: itself, or a beginning where a wildcard is its end.</summary>
    public static FilterArgument Of(QuotedText quoted)
    {
        if (quoted.Wildcards.Count == 0)
        {
            return new Literal(AttributeValue.Of(quoted.Text), quoted.Offset);
        }

        return quoted.Wildcards[0] == quoted.Text.Length - 1
            ? new Prefix(quoted.Text[..^1], quoted.Offset)
            : throw FilterParseContext.At(quoted.Offset, @"a wildcard can only be the end of a string; write \* for the character");
    }
}
