namespace AnnServer.Core.Search;

/// <summary>How hard a search tries.</summary>
/// <param name="K">Results wanted.</param>
/// <param name="Ef">Candidates kept; counts as at least <paramref name="K"/>.</param>
/// <param name="Budget">Distances after which a filtered walk is given up.</param>
/// <param name="Slack">
/// Ends a walk when all that is left is farther than the k nearest found by this factor, as lengths under the squared Euclidean distance
/// and the cosine; infinite, or under the inner product, never.
/// </param>
/// <param name="Within">Whether a filtered walk computes distances to the members of its filter alone.</param>
public readonly record struct SearchEffort(
    int K, int Ef, long Budget = long.MaxValue, float Slack = float.PositiveInfinity, bool Within = false)
{
    public int Width => Math.Max(K, Ef);
}
