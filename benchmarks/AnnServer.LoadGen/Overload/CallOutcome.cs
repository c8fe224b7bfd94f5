namespace AnnServer.LoadGen.Overload;

/// <summary>How a call ended.</summary>
internal enum CallOutcome
{
    Accepted,

    /// <summary>RESOURCE_EXHAUSTED.</summary>
    Refused,

    /// <summary>DEADLINE_EXCEEDED, said by the server, or by the client that did not wait any longer.</summary>
    DeadlineExceeded,

    /// <summary>Any other status, or none.</summary>
    Other,
}
