namespace AnnServer.Engine.Querying;

/// <summary>How a node of a plan is evaluated.</summary>
internal enum PlanKind
{
    And,
    Or,
    Not,

    /// <summary>A leaf answered by an index.</summary>
    Indexed,

    /// <summary>A leaf tested point by point.</summary>
    Tested,

    /// <summary>Points named by their identifiers.</summary>
    Listed,
}
