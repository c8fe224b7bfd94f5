namespace AnnServer.Engine.Model;

public sealed record ScrollQuery
{
    public FilterSpec Filter { get; init; }

    /// <summary>Attribute to order by; null for the order of identifiers.</summary>
    public string? OrderBy { get; init; }

    public bool Descending { get; init; }

    /// <summary>Points on a page; null takes the default.</summary>
    public int? PageSize { get; init; }

    /// <summary>From the page before; empty for the first page.</summary>
    public string PageToken { get; init; } = "";

    public bool WithAttributes { get; init; }

    public bool WithVector { get; init; }

    public ulong ReadAfter { get; init; }
}
