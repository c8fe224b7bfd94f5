namespace AnnServer.Engine.Model;

/// <summary>Where the vectors of a collection are while it is served. Its graph, codes, identifiers and attributes are in memory.</summary>
public enum VectorPlacement
{
    Memory = 0,

    /// <summary>
    /// On disk, but for those written since the last checkpoint: for collections whose vectors do not fit into memory. The graph is
    /// walked on codes, and only the best of a walk are read.
    /// </summary>
    Disk = 1,
}
