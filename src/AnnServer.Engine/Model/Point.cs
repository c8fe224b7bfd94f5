using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Model;

/// <summary>A stored item.</summary>
/// <param name="Id">The caller's name for it.</param>
/// <param name="Vector">As many elements as the collection has dimensions; empty in an answer that was not asked for vectors.</param>
/// <param name="Attributes">Named values; empty in an answer that was not asked for attributes.</param>
public readonly record struct Point(PointId Id, ReadOnlyMemory<float> Vector, IReadOnlyDictionary<string, AttributeValue> Attributes)
{
    public static readonly IReadOnlyDictionary<string, AttributeValue> NoAttributes = new Dictionary<string, AttributeValue>(0);
}
