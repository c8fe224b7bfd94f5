using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections;

/// <summary>Where a point stands in a scroll: its value of the attribute the scroll is ordered by, then its identifier.</summary>
/// <param name="Value">No value where there is no such attribute, or none that has an order.</param>
internal sealed record ScrollKey(AttributeValue Value, PointId Id);
