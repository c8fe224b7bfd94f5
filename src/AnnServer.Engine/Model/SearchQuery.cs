namespace AnnServer.Engine.Model;

/// <summary>One search. May be filled anew and used again once it has been answered.</summary>
public sealed record SearchQuery
{
    public required ReadOnlyMemory<float> Vector { get; set; }

    /// <summary>Results wanted, 1 to the configured limit.</summary>
    public required int K { get; set; }

    public FilterSpec Filter { get; set; }

    /// <summary>Candidates kept while the graph is walked; null takes the default of the collection.</summary>
    public int? Ef { get; set; }

    /// <summary>
    /// The share of the nearest matching points to find in the mean, above 0 and up to 1: how hard to try is then worked out from what
    /// searches of the collection have been measured to find. <see cref="Ef"/> and <see cref="Exact"/> come before it.
    /// </summary>
    public double? RecallTarget { get; set; }

    /// <summary>Compare with every matching point.</summary>
    public bool Exact { get; set; }

    public bool WithAttributes { get; set; }

    public bool WithVector { get; set; }

    public float? ScoreThreshold { get; set; }

    /// <summary>The answer sees every write up to this sequence.</summary>
    public ulong ReadAfter { get; set; }
}
