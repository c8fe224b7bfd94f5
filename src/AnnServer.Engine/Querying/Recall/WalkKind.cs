namespace AnnServer.Engine.Querying.Recall;

/// <summary>How a graph is walked for points that satisfy a filter.</summary>
internal enum WalkKind
{
    /// <summary>Through all nodes; those that satisfy it are results. Also the walk without a filter.</summary>
    Through,

    /// <summary>Inside the nodes that satisfy it, two steps at a time where needed.</summary>
    Within,

    /// <summary>Not the graph but the parts near the query, for those in them that satisfy it.</summary>
    Partitions,
}
