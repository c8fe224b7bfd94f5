namespace AnnServer.Core.Search;

/// <summary>How hard a search tries.</summary>
/// <param name="K">Results wanted.</param>
/// <param name="Ef">Candidates kept; counts as at least <paramref name="K"/>.</param>
/// <param name="Budget">Distances after which a filtered walk is given up.</param>
/// <param name="Slack">
/// Ends a walk when all that is left is farther than the k nearest found by this factor, as lengths under the squared Euclidean distance
/// and the cosine; infinite, or under the inner product, never. In a search by parts the cosine of <see cref="PartitionSearcher"/>.
/// </param>
/// <param name="Within">Whether a filtered walk computes distances to the members of its filter alone.</param>
public readonly record struct SearchEffort(
    int K, int Ef, long Budget = long.MaxValue, float Slack = float.PositiveInfinity, bool Within = false)
{
    /// <summary>
    /// Where not 0, all that is nearer than <see cref="Radius"/> is wanted, up to so many of the nearest of it; <see cref="K"/> is then what
    /// a walk looks for at least.
    /// </summary>
    public int RangeLimit { get; init; }

    /// <summary>As the index measures distances.</summary>
    public float Radius { get; init; }

    /// <summary>Candidates that a walk keeps beside more than <see cref="K"/> within the radius, at most <see cref="Ef"/>.</summary>
    public int Beside { get; init; }

    /// <summary>
    /// The share of all nodes that match, where <see cref="Slack"/> is for a walk through all of them under a filter that leaves so many
    /// anywhere; 0 where it holds as it is. In a search by parts the share that matches; in a walk within that share too, if it is to be given up
    /// where few match around the query.
    /// </summary>
    public float Share { get; init; }

    /// <summary>The slack where all points around a query match, as they may under a filter that holds its neighbours.</summary>
    public float DenseSlack { get; init; }

    /// <summary>Whether a search by parts is given up where as good as all points around the query match.</summary>
    public bool LeavesDense { get; init; }

    public int Width => RangeLimit + Math.Max(K, Ef);

    /// <summary>Results at most.</summary>
    public int Results => RangeLimit > 0 ? RangeLimit : K;

    /// <summary>What is not nearer is no result.</summary>
    public float Bound => RangeLimit > 0 ? Radius : float.PositiveInfinity;
}
