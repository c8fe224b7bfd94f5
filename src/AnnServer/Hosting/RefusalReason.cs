namespace AnnServer.Hosting;

/// <summary>What there was too much of.</summary>
internal enum RefusalReason
{
    /// <summary>Calls of all clients.</summary>
    Calls,

    /// <summary>Bytes of their requests.</summary>
    Bytes,

    /// <summary>Calls of one caller at once.</summary>
    CallerCalls,

    /// <summary>Requests of one caller a second.</summary>
    CallerRate,
}
