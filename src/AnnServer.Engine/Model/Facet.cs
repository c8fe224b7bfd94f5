namespace AnnServer.Engine.Model;

/// <summary>The values of one attribute among the matching points.</summary>
/// <param name="Values">Those of most points first, those of as many points in their own order; as many as were asked for.</param>
/// <param name="Points">Matching points that have the attribute.</param>
/// <param name="DistinctValues">Different values among them, those beyond the limit too.</param>
public sealed record Facet(string Attribute, IReadOnlyList<FacetValue> Values, long Points, long DistinctValues);
