namespace AnnServer.Engine.Model;

/// <summary>One search.</summary>
public sealed record SearchQuery
{
    public required ReadOnlyMemory<float> Vector { get; init; }

    /// <summary>Results wanted, 1 to the configured limit.</summary>
    public required int K { get; init; }

    public FilterSpec Filter { get; init; }

    /// <summary>Candidates kept while the graph is walked; null takes the default of the collection.</summary>
    public int? Ef { get; init; }

    /// <summary>Compare with every matching point.</summary>
    public bool Exact { get; init; }

    public bool WithAttributes { get; init; }

    public bool WithVector { get; init; }

    public float? ScoreThreshold { get; init; }

    /// <summary>The answer sees every write up to this sequence.</summary>
    public ulong ReadAfter { get; init; }
}
