namespace AnnServer.Engine.Attributes.Walks;

internal enum WalkStep
{
    /// <summary>What was given so far belongs to one value, of which there may be more.</summary>
    Part,

    /// <summary>All of one value has been given.</summary>
    Value,

    /// <summary>All of the last value has been given.</summary>
    End,
}
