namespace AnnServer.CrashTests.Corruption;

/// <summary>A data folder of which everything is known.</summary>
/// <param name="Files">By path.</param>
/// <param name="Earlier">The same folder after each checkpoint before.</param>
/// <param name="BeforeTail">What was served before the commits of the tail.</param>
/// <param name="Tail">The last commits, with the last of all; each acknowledged before the next began.</param>
/// <param name="IsClosed">Whether the folder was closed in order, so that nothing of it can be a commit that was under way.</param>
internal sealed record Specimen(
    string Name,
    IReadOnlyDictionary<string, byte[]> Files,
    IReadOnlyList<IReadOnlyDictionary<string, byte[]>> Earlier,
    State BeforeTail,
    IReadOnlyList<TailCommit> Tail,
    bool IsClosed)
{
    /// <summary>The segment in which the tail lies.</summary>
    public const string LastSegment = "wal/log.0";

    public const string HighWater = "wal/HIGHWATER";

    /// <summary>Where a start over the folder as it is begins.</summary>
    public StartPoint Start { get; init; }

    /// <summary>What is served.</summary>
    public State Truth => Tail[^1].After;

    /// <summary>What a folder may serve that is damaged so: newest first, each with how many commits of the tail it lacks.</summary>
    /// <remarks>
    /// After a kill a commit whose bytes are not what was written may be one that never completed. Nothing tells the two apart, so
    /// it may be taken for that, provided that every commit behind it was hit too. After an orderly close the high-water mark tells,
    /// unless an older one was put in its place.
    /// </remarks>
    public IEnumerable<(State State, int Lost)> Allowed(IReadOnlyDictionary<string, byte[]?> damage)
    {
        yield return (Truth, 0);
        if ((IsClosed && !damage.ContainsKey(HighWater)) || !damage.TryGetValue(LastSegment, out byte[]? segment))
        {
            yield break;
        }

        for (int i = Tail.Count - 1; i >= 0 && Tail[i].IsHit(Files[LastSegment], segment); i--)
        {
            yield return (i == 0 ? BeforeTail : Tail[i - 1].After, Tail.Count - i);
        }
    }
}
