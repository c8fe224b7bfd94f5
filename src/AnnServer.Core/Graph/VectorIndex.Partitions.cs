using AnnServer.Core.Filtering;
using AnnServer.Core.Search;

namespace AnnServer.Core.Graph;

/// <content>The division of the points by which filtered searches may be made instead of by the graph; see <see cref="Core.Graph.Partitions"/>.</content>
public abstract partial class VectorIndex
{
    // Fewer are compared one by one.
    private const int LeastPartitioned = 2048;

    // All searches look at those outside: from one point in so many on they are divided, which takes a few microseconds for each of them.
    private const int PointsPerOutside = 64;

    // With more outside, a search by parts is not what its cost was measured for.
    private const int PointsPerMostOutside = 8;

    /// <summary>Queries that can search by parts together, at most; see <see cref="SearchPartitionsShared"/>.</summary>
    public const int MaxSharedByParts = 512;

    // What searches that are made together may keep beside each other, which a scratch has from then on: 8 MiB for the parts, 1 MiB for candidates.
    private const int MostFloats = 2 << 20;
    private const int MostCandidates = 1 << 17;

    private Partitions? _partitions;
    private Partitions? _draft;

    /// <summary>Whether there is a division that nearly all points have a part in.</summary>
    public bool HasPartitions => Partitions is { } partitions && partitions.Left <= LiveCount / PointsPerMostOutside;

    /// <summary>Whether a division, or a new one, would pay. Only points with 8-bit codes are divided, and only by a distance that has an origin.</summary>
    public bool WantsPartitions =>
        Parameters is { Codes: CodeKind.Int8, Distance: not DistanceKind.NegativeDot }
        && LiveCount >= LeastPartitioned
        && (Partitions is not { } partitions || partitions.Left > LiveCount / PointsPerOutside);

    private protected Partitions? Partitions => Volatile.Read(ref _partitions);

    /// <summary>Divides the points, while they come and go. One thread at a time. False where the index is gone meanwhile, or was empty.</summary>
    /// <param name="isGone">Whether the index must not be read any more, asked under a rented scratch.</param>
    /// <param name="hasNewCentres">Whether searches by parts have to be measured anew.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public bool Divide(ScratchPool scratches, Func<bool> isGone, out bool hasNewCentres, CancellationToken cancellation)
    {
        var builder = new PartitionBuilder(Store, scratches, isGone, cancellation);
        Partitions draft = builder.Begin(Partitions);
        hasNewCentres = builder.HasNewCentres;
        // From here on it is told of every slot that is used again; those of before that are free or not committed are outside as it is.
        Volatile.Write(ref _draft, draft);
        try
        {
            if (!builder.Fill(draft))
            {
                return false;
            }

            Volatile.Write(ref _partitions, draft);
            return true;
        }
        finally
        {
            Volatile.Write(ref _draft, null);
        }
    }

    /// <summary>Arranges what a filter leaves by the parts, for many searches with it; null where there is no division.</summary>
    /// <param name="matches">Under a scratch that was rented when they were live.</param>
    public PartitionedMatches? Arrange(OrdinalBitmap matches) => Partitions is { } partitions ? new PartitionedMatches(partitions, matches) : null;

    /// <summary>
    /// Looks for the nearest members of <paramref name="accept"/> in the parts near the query, as far as the slack of the effort says; at least
    /// k where so many match. False where there is no division, past the budget, or where <see cref="SearchEffort.LeavesDense"/> says so.
    /// </summary>
    /// <param name="effort">Its budget counts distances, and a part of one for each member that is looked up.</param>
    /// <param name="matches">The same members by parts, where they have been arranged.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract bool SearchPartitions(
        ReadOnlySpan<float> query,
        SearchEffort effort,
        OrdinalBitmap accept,
        PartitionedMatches? matches,
        SearchScratch scratch,
        CancellationToken cancellation);

    /// <summary>Queries that can search by parts together, if each keeps so many candidates.</summary>
    public int MostSharedByParts(int width) => Math.Min(
        MaxSharedByParts, Math.Min(MostCandidates / width, MostFloats / PartSeeker.FloatsFor(Partitions?.Count ?? 1)));

    /// <summary>
    /// As <see cref="SearchPartitions"/> for many queries among the same matches, each of which is fetched once for all who look in its part.
    /// <see cref="SelectShared"/> makes what one has found the result of the scratch.
    /// </summary>
    /// <param name="queries">At most <see cref="MaxSharedByParts"/>; none is given up.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract void SearchPartitionsShared(
        ReadOnlySpan<SharedQuery> queries, PartitionedMatches matches, SearchScratch scratch, CancellationToken cancellation);

    // The draft first: it takes the place of the other before it is no draft any more.
    private void LeavePartitions(uint ordinal)
    {
        Volatile.Read(ref _draft)?.Leave(ordinal);
        Partitions?.Leave(ordinal);
    }
}
