namespace AnnServer.CrashTests.Corruption;

/// <summary>One of the last commits of a log: where in the last segment its bytes lie, and what is served once it is durable.</summary>
internal sealed record TailCommit(long From, long To, State After)
{
    /// <summary>Finds a commit by what it has changed in the file.</summary>
    public static TailCommit Between(ReadOnlySpan<byte> before, ReadOnlySpan<byte> after, State state)
    {
        int from = before.CommonPrefixLength(after);
        int to = after.LastIndexOfAnyExcept((byte)0) + 1;
        Assert.InRange(from, 0, to - 1);
        return new TailCommit(from, to, state);
    }

    /// <summary>Whether damage has changed any byte of the commit.</summary>
    public bool IsHit(ReadOnlySpan<byte> sound, ReadOnlySpan<byte> damaged) =>
        damaged.Length < To || !sound[(int)From..(int)To].SequenceEqual(damaged[(int)From..(int)To]);
}
