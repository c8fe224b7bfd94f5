namespace AnnServer.Core.Graph;

/// <summary>
/// The top layer of each node: floor(-ln(u) / ln(M)) with u uniform (arXiv 1603.09320, algorithm 1, line 4). Here u is a hash of
/// the seed and the ordinal, so that a node's layer is known from its ordinal alone: it needs no storage, a slot that is used
/// again keeps its rows, and the same inserts in the same order always give the same graph.
/// </summary>
internal sealed class LayerAssignment(int m, ulong seed)
{
    /// <summary>Highest layer. At M = 4 a graph of 2^31 nodes reaches it with probability 3 %.</summary>
    public const int MaxLayer = 18;

    private readonly double _scale = 1 / Math.Log(m);

    public int TopLayer(uint ordinal)
    {
        // The top 53 bits make a uniform double in (0, 1].
        double u = ((SplitMix64.At(seed, ordinal) >> 11) + 1) * (1.0 / (1UL << 53));
        return Math.Min((int)(-Math.Log(u) * _scale), MaxLayer);
    }
}
