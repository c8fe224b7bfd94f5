using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Model;

/// <summary>A value, of a list an element, and the matching points that have it.</summary>
public readonly record struct FacetValue(AttributeValue Value, long Count);
