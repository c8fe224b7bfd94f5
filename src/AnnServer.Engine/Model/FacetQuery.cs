namespace AnnServer.Engine.Model;

/// <summary>Asks how many of the matching points have each value of some indexed attributes.</summary>
public sealed record FacetQuery
{
    public const int DefaultLimit = 10;

    public FilterSpec Filter { get; init; } = FilterSpec.None;

    /// <summary>At least one, each of another attribute.</summary>
    public required IReadOnlyList<FacetSpec> Facets { get; init; }

    public ulong ReadAfter { get; init; }
}
