namespace AnnServer.Engine.Model;

/// <summary>The points on one layer of a graph and their links there.</summary>
/// <param name="OneWayLinks">Links to points that do not link back: their rows were full of nearer ones.</param>
/// <param name="MaxLinks">Links of the point that has most.</param>
public readonly record struct GraphLayerReport(int Layer, long Nodes, long Links, long OneWayLinks, int MaxLinks)
{
    public double MeanLinks => Nodes == 0 ? 0 : (double)Links / Nodes;
}
