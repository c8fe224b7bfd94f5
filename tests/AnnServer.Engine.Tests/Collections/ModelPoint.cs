using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>What a point must be.</summary>
internal sealed record ModelPoint(float[] Vector, Dictionary<string, AttributeValue> Attributes);
