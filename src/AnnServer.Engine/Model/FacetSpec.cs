namespace AnnServer.Engine.Model;

/// <summary>One attribute whose values are counted.</summary>
/// <param name="Limit">Values wanted; null takes the default.</param>
public sealed record FacetSpec(string Attribute, int? Limit = null);
