namespace AnnServer.Engine.Model;

public static class SearchStrategyNames
{
    /// <summary>As it is called on the wire, in spans and in metrics.</summary>
    public static string ToName(this SearchStrategy strategy) => strategy switch
    {
        SearchStrategy.Exact => "exact",
        SearchStrategy.Graph => "graph",
        SearchStrategy.GraphWithin => "graph_within",
        SearchStrategy.Partitions => "partitions",
        _ => throw new ArgumentOutOfRangeException(nameof(strategy), strategy, "The strategy has no name."),
    };
}
