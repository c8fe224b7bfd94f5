using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Model;

/// <summary>A change to the attributes of one point.</summary>
/// <param name="Replace">Start from no attributes at all.</param>
public readonly record struct AttributeUpdate(
    PointId Id, IReadOnlyDictionary<string, AttributeValue> Set, IReadOnlyList<string> Remove, bool Replace);
