namespace AnnServer.Engine.Model;

/// <summary>Asks for some of the matching points, drawn at random.</summary>
public sealed record SampleQuery
{
    public FilterSpec Filter { get; init; } = FilterSpec.None;

    /// <summary>Points wanted.</summary>
    public required int Count { get; init; }

    /// <summary>The same seed gives the same points as long as nothing is written; null takes another each time.</summary>
    public ulong? Seed { get; init; }

    public bool WithAttributes { get; init; }

    public bool WithVector { get; init; }

    public ulong ReadAfter { get; init; }
}
