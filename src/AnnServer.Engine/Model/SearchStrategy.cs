namespace AnnServer.Engine.Model;

public enum SearchStrategy
{
    /// <summary>Every matching point was compared.</summary>
    Exact,

    /// <summary>The graph was walked, through all nodes.</summary>
    Graph,

    /// <summary>The graph was walked inside the nodes that satisfy the filter.</summary>
    GraphWithin,

    /// <summary>Matching points were compared part by part, the parts nearest to the query first, until no other could hold a result.</summary>
    Partitions,
}
