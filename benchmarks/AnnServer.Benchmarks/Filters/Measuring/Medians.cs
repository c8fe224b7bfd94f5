namespace AnnServer.Benchmarks.Filters.Measuring;

/// <summary>Figures that were taken in several rounds.</summary>
internal static class Medians
{
    public static double Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The sum, over the first of what each round has figures of, of each one's median over the rounds.</summary>
    public static double Sum(IReadOnlyList<double[]> rounds, int first) =>
        Enumerable.Range(0, first).Sum(i => Of(rounds.Select(round => round[i])));
}
