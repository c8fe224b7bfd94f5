namespace AnnServer.Engine.Model;

/// <summary>What an audit found in the graph of a collection.</summary>
/// <param name="Points">Points that could be found when it began; the rest is about those.</param>
/// <param name="DeletedSlots">Slots of deleted points not yet given back, at that moment.</param>
/// <param name="Unreachable">
/// Points that no path of links leads to from where searches begin. Exact when nothing is written meanwhile; else one whose links were
/// being changed may be among them.
/// </param>
/// <param name="DanglingLinks">Links of points to slots that no point has, which a sound graph has none of.</param>
/// <param name="Layers">From layer 0 up.</param>
public sealed record GraphReport(
    long Points, long DeletedSlots, long Unreachable, long DanglingLinks, IReadOnlyList<GraphLayerReport> Layers);
