using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Model;

/// <summary>One answer of a search.</summary>
/// <param name="Score">The metric's natural value: Euclidean distance, cosine similarity or inner product.</param>
/// <param name="Group">The value of the attribute that results are grouped by; no value where they are not.</param>
public readonly record struct SearchHit(
    PointId Id,
    float Score,
    IReadOnlyDictionary<string, AttributeValue> Attributes,
    ReadOnlyMemory<float> Vector,
    AttributeValue Group = default);
