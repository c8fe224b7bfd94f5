namespace AnnServer.Hosting;

/// <summary>What a client speaks, by the first bytes of its connection.</summary>
internal enum SpokenProtocol
{
    /// <summary>Something else, or nothing yet.</summary>
    Unknown,
    Http1,
    Http2,
}
