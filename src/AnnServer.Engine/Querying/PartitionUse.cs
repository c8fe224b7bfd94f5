namespace AnnServer.Engine.Querying;

/// <summary>What a search by parts of the space can go by.</summary>
internal enum PartitionUse
{
    /// <summary>The points are not divided.</summary>
    None,

    /// <summary>The members of each part, every one of which has to be looked up in what the filter leaves.</summary>
    Members,

    /// <summary>What the filter leaves in each part.</summary>
    Arranged,
}
