namespace AnnServer.Engine.Model;

/// <param name="Facets">In the order of the query.</param>
/// <param name="Matching">Points that match the filter.</param>
public sealed record FacetAnswer(IReadOnlyList<Facet> Facets, long Matching);
