namespace AnnServer.Engine.Querying.Recall;

/// <summary>Microseconds for a point, on this machine.</summary>
/// <param name="Compare">With which a query is compared by codes, where the filter leaves <see cref="DenseShare"/>.</param>
/// <param name="Share">What each query adds to that where many share the scan.</param>
/// <param name="Test">Of a part, that is looked up in what a filter leaves.</param>
/// <param name="Sparser">Where less matches, a point takes more by this power of how much less: fewer are near each other.</param>
/// <param name="Together">What a search by parts takes, of what it takes alone, where <paramref name="Lookers"/> look in each part together.</param>
/// <param name="Lookers">More than one; 1 where it was not measured.</param>
internal readonly record struct ScanCosts(
    double Compare, double Share, double Test, double Sparser = 0, double Together = 1, double Lookers = 1)
{
    /// <summary>Share of the points under whose filter scans are priced.</summary>
    public const double DenseShare = 0.2;

    // Where each point is on lines of its own that nobody else has asked for, it takes no more.
    private const double LeastShare = 0.005;

    /// <summary>As <see cref="Compare"/>, where the filter leaves another share; where it leaves more, the same.</summary>
    public double CompareAt(double share) => Compare * Math.Pow(DenseShare / Math.Clamp(share, LeastShare, DenseShare), Sparser);

    /// <summary><see cref="Together"/> where so many look in each part: what does not depend on it, and what they share.</summary>
    public double TogetherWith(double lookers) => Lookers <= 1 || lookers <= 1 ? 1
        : Math.Min(1, Together + ((1 - Together) * Math.Max(0, ((1 / lookers) - (1 / Lookers)) / (1 - (1 / Lookers)))));
}
