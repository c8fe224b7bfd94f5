namespace AnnServer.Engine.Model;

public enum SearchStrategy
{
    /// <summary>Every matching point was compared.</summary>
    Exact,

    /// <summary>The graph was walked, through all nodes.</summary>
    Graph,

    /// <summary>The graph was walked inside the nodes that satisfy the filter.</summary>
    GraphWithin,
}

public static class SearchStrategyNames
{
    /// <summary>As it is called on the wire, in spans and in metrics.</summary>
    public static string ToName(this SearchStrategy strategy) => strategy switch
    {
        SearchStrategy.Exact => "exact",
        SearchStrategy.Graph => "graph",
        SearchStrategy.GraphWithin => "graph_within",
        _ => throw new ArgumentOutOfRangeException(nameof(strategy), strategy, "The strategy has no name."),
    };
}
