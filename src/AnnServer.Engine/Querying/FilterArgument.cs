using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>What stands right of a comparator: a value, the star of a presence test, or a combination of such.</summary>
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

    public sealed record All(IReadOnlyList<FilterArgument> Parts) : FilterArgument;

    public sealed record Any(IReadOnlyList<FilterArgument> Parts) : FilterArgument;

    public sealed record Except(FilterArgument Part) : FilterArgument;
}
