namespace AnnServer.Engine.Querying.Recall;

/// <summary>Microseconds for a point, on this machine.</summary>
/// <param name="Compare">With which a query is compared by codes.</param>
/// <param name="Share">What each query adds to that where many share the scan.</param>
/// <param name="Test">Of a part, that is looked up in what a filter leaves; less than the measurement tells is 0.</param>
internal readonly record struct ScanCosts(double Compare, double Share, double Test);
