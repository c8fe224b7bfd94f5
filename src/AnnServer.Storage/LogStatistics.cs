namespace AnnServer.Storage;

/// <summary>Counters since the log was opened, read together.</summary>
public readonly record struct LogStatistics
{
    public required long Appends { get; init; }

    /// <summary>Payload bytes appended.</summary>
    public required long AppendedBytes { get; init; }

    public required long Commits { get; init; }

    public required TimeSpan LastCommitDuration { get; init; }

    public required TimeSpan TotalCommitDuration { get; init; }
}
