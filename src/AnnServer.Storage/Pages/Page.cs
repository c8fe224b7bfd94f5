namespace AnnServer.Storage.Pages;

/// <summary>One image of a page. The image is borrowed: it is valid until the handler returns.</summary>
public readonly ref struct Page
{
    public required PageKey Key { get; init; }

    /// <summary>The image holds the effect of every record of its collection up to this one, and of none after.</summary>
    public required ulong Lsn { get; init; }

    public required ReadOnlySpan<byte> Image { get; init; }

    /// <summary>Where <see cref="PageImages"/> reads the image.</summary>
    public required long Address { get; init; }
}
