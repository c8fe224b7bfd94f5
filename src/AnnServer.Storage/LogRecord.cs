namespace AnnServer.Storage;

/// <summary>One record of the log. The payload is borrowed: it is valid until the handler returns.</summary>
public readonly ref struct LogRecord
{
    /// <summary>Position in the log; the first record is 1 and there are no gaps.</summary>
    public required ulong Lsn { get; init; }

    /// <summary>Generation of the writer that appended the record.</summary>
    public required ulong Epoch { get; init; }

    /// <summary>What the record does; the meaning belongs to the caller.</summary>
    public required byte Operation { get; init; }

    /// <summary>The collection the record belongs to.</summary>
    public required uint Collection { get; init; }

    public required ReadOnlySpan<byte> Payload { get; init; }
}
