namespace AnnServer.Engine.Model;

/// <summary>Every outcome a caller can expect. Anything else is an exception: a bug or a dead disk.</summary>
public enum EngineStatus
{
    Ok,
    InvalidArgument,
    NotFound,
    AlreadyExists,
    ResourceExhausted,
    FailedPrecondition,
    Unavailable,

    /// <summary>What is asked for is damaged on disk.</summary>
    DataLoss,
}
