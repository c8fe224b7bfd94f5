namespace AnnServer.Core.Graph;

/// <summary>What <see cref="GraphAudit.Count"/> has found.</summary>
/// <param name="Unreachable">Points that no path from the entry point reaches on layer 0.</param>
/// <param name="Dangling">Links of points to slots that no point has.</param>
/// <param name="Layers">From layer 0 up to the highest that a point reaches.</param>
public sealed record GraphCounts(long Unreachable, long Dangling, IReadOnlyList<LayerCounts> Layers);
