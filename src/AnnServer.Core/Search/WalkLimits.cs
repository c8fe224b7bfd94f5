using System.Runtime.CompilerServices;

namespace AnnServer.Core.Search;

/// <summary>When a walk ends.</summary>
/// <param name="K">Results wanted.</param>
/// <param name="Width">Candidates kept: it ends when all of them have been expanded.</param>
/// <param name="Slack">It ends before, when what is left is farther than the k nearest found by this factor; infinite to never.</param>
/// <param name="Origin">The distance that counts as none for the factor.</param>
/// <param name="Budget">Distances after which a walk with a filter is given up.</param>
internal readonly record struct WalkLimits(int K, int Width, float Slack, float Origin, long Budget)
{
    /// <summary>Results at most of a walk for what is nearer than <see cref="Radius"/>; 0 where the k nearest are wanted.</summary>
    public int RangeLimit { get; init; }

    public float Radius { get; init; }

    /// <summary>Candidates kept beside those within.</summary>
    public int Beside { get; init; }

    /// <summary>See <see cref="SearchEffort.Share"/>.</summary>
    public float Share { get; init; }

    /// <summary>See <see cref="SearchEffort.DenseSlack"/>.</summary>
    public float DenseSlack { get; init; }

    /// <summary>
    /// As it was, with the slack for the share of the nodes met near the query that match: where they are denser than elsewhere, the k nearest
    /// are soon found, and fewer nodes are within the factor of them.
    /// </summary>
    public WalkLimits Near(int matching, int met)
    {
        float share = (float)matching / met;
        if (Share == 0 || share <= Share)
        {
            return this;
        }

        // As effort between measurements is, in the logarithm of the share.
        float dense = 1 - (MathF.Log(share) / MathF.Log(Share));
        return this with { Slack = Slack + ((DenseSlack - Slack) * dense) };
    }

    /// <summary>
    /// Beyond this distance nothing needs to be expanded (the adaptive rule of Al-Jazzazi et al., arXiv 2505.15636): a query with many
    /// points about as near as its k nearest looks at many, one whose nearest stand apart at few.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Reach(CandidatePool nearest)
    {
        if (RangeLimit > 0)
        {
            return RangeReach(nearest);
        }

        return float.IsPositiveInfinity(Slack) || nearest.Count < K ? float.PositiveInfinity : Slackened(nearest[K - 1].Distance);
    }

    /// <summary>Results without which a walk has to be made again: those of it that may be results are fewer than were met.</summary>
    public int Wanted(CandidatePool walked) => RangeLimit > 0 && walked.CountNearer(Radius) >= RangeLimit ? RangeLimit : K;

    /// <summary>
    /// A walk for a radius goes as far as one for as many results as it has found within would: so many candidates wider, and not farther
    /// than the last of them by the factor.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private float RangeReach(CandidatePool nearest)
    {
        int within = Math.Min(nearest.CountNearer(Radius), RangeLimit);
        int last = Math.Max(K, within);
        float reach = float.IsPositiveInfinity(Slack) || nearest.Count < last
            ? float.PositiveInfinity
            : Math.Max(within < RangeLimit ? Radius : float.NegativeInfinity, Slackened(nearest[last - 1].Distance));
        // The factor is for K: it grants more of them more than they need.
        int settled = within + Beside;
        return (within > K || float.IsPositiveInfinity(Slack)) && nearest.Count >= settled ? Math.Min(reach, nearest[settled - 1].Distance) : reach;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float Slackened(float distance) => Origin + (Math.Max(0, distance - Origin) * Slack);
}
