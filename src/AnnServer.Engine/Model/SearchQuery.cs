namespace AnnServer.Engine.Model;

/// <summary>One search. May be filled anew and used again once it has been answered.</summary>
public sealed record SearchQuery
{
    public required ReadOnlyMemory<float> Vector { get; set; }

    /// <summary>Results wanted, 1 to the configured limit; with <see cref="GroupBy"/> the groups.</summary>
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

    /// <summary>
    /// All whose score is not worse are wanted, up to <see cref="K"/> of the best. <see cref="Ef"/> is then what a walk keeps beside those.
    /// </summary>
    public float? ScoreThreshold { get; set; }

    /// <summary>Not together with <see cref="Diversity"/>.</summary>
    public GroupBy? GroupBy { get; set; }

    public Diversity? Diversity { get; set; }

    /// <summary>The answer sees every write up to this sequence.</summary>
    public ulong ReadAfter { get; set; }

    /// <summary>Whether the results are not simply the nearest.</summary>
    internal bool IsShaped => GroupBy is not null || Diversity is not null;
}
