namespace AnnServer.Core.Graph;

/// <summary>The points of one layer and their links there.</summary>
/// <param name="OneWay">Links to points that do not link back.</param>
/// <param name="Longest">Links of the point that has most.</param>
public readonly record struct LayerCounts(long Nodes, long Links, long OneWay, int Longest);
