using AnnServer.Core.Graph;
using AnnServer.Engine.Collections;

namespace AnnServer.Engine.Querying;

/// <summary>The points that satisfy a filter, and when they did.</summary>
/// <param name="Revision">See <see cref="CollectionData.Revision"/>; read before the filter was evaluated.</param>
/// <param name="Live">
/// Points there were then. An insert changes it, and whatever else changes it changes the revision: while both are the same, so are the points.
/// </param>
/// <param name="Matches">Read by many; null where it was not kept, since the filter had not been asked for twice.</param>
internal sealed record FilterEvaluation(long Revision, int Live, KeptMatches? Matches, int Count)
{
    private PartitionedMatches? _arranged;
    private int _isClaimed;
    private long _uses;

    /// <summary>The matches by parts, once somebody has arranged them.</summary>
    public PartitionedMatches? Arranged
    {
        get => Volatile.Read(ref _arranged);
        set => Volatile.Write(ref _arranged, value);
    }

    /// <summary>Searches, or batches, that had no need to evaluate the filter.</summary>
    public long Uses => Volatile.Read(ref _uses);

    public void Used() => Interlocked.Increment(ref _uses);

    /// <summary>True for the one who is to arrange them; the others search without meanwhile.</summary>
    public bool TryClaim() => Interlocked.Exchange(ref _isClaimed, 1) == 0;

    public bool IsOf(long revision, int live) => Revision == revision && Live == live;
}
