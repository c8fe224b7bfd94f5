namespace AnnServer.Core.Search;

/// <summary>How hard a search tries.</summary>
/// <param name="K">Results wanted.</param>
/// <param name="Ef">Candidates kept; counts as at least <paramref name="K"/>.</param>
/// <param name="Budget">Distances after which a filtered walk is given up.</param>
public readonly record struct SearchEffort(int K, int Ef, long Budget = long.MaxValue)
{
    public int Width => Math.Max(K, Ef);
}
