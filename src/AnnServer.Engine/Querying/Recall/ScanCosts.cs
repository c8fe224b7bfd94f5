namespace AnnServer.Engine.Querying.Recall;

/// <summary>Microseconds for a point, on this machine.</summary>
/// <param name="Compare">With which a query is compared by codes.</param>
/// <param name="Share">What each query adds to that where many share the scan.</param>
/// <param name="Test">Of a part, that is looked up in what a filter leaves; less than the measurement tells is 0.</param>
/// <param name="Together">What a search by parts takes, of what it takes alone, where <paramref name="Lookers"/> look in each part together.</param>
/// <param name="Lookers">More than one; 1 where it was not measured.</param>
internal readonly record struct ScanCosts(double Compare, double Share, double Test, double Together = 1, double Lookers = 1)
{
    /// <summary>The same where so many look in each part: what does not depend on it, and what they share.</summary>
    public double TogetherWith(double lookers) => Lookers <= 1 || lookers <= 1 ? 1
        : Math.Min(1, Together + ((1 - Together) * Math.Max(0, ((1 / lookers) - (1 / Lookers)) / (1 - (1 / Lookers)))));
}
