namespace AnnServer.Storage.Pages;

/// <summary>
/// A state of all pages that is on stable storage, and the place in the log that it belongs to. Each is one manifest file; a checkpoint
/// is there once its manifest is.
/// </summary>
public sealed record Checkpoint
{
    /// <summary>From 1; a later checkpoint has a greater number.</summary>
    public required long Number { get; init; }

    /// <summary>Records after it are to be replayed.</summary>
    public required LogPosition Redo { get; init; }

    /// <summary>What the caller wrote with it.</summary>
    public required ReadOnlyMemory<byte> Catalog { get; init; }

    /// <summary>Bytes of page log that belong to it.</summary>
    public long Bytes => Tail - Begin;

    /// <summary>Generation of the writer.</summary>
    public required ulong Epoch { get; init; }

    /// <summary>Of the log that it belongs to.</summary>
    internal Guid LogId { get; init; }

    internal int PageBytes { get; init; }

    internal long SegmentBytes { get; init; }

    /// <summary>Addresses of the page log: every page has its newest image between them.</summary>
    internal long Begin { get; init; }

    internal long Tail { get; init; }

    /// <summary>FASTER's name for it, and the checksum of the files that FASTER keeps under that name.</summary>
    internal Guid Token { get; init; }

    internal uint TokenChecksum { get; init; }

    /// <summary>Checksums of the blocks of the page log from that of <see cref="Begin"/> on; see <see cref="PageBlocks"/>.</summary>
    internal uint[] BlockChecksums { get; init; } = [];

    internal PageExtent[] Extents { get; init; } = [];
}
