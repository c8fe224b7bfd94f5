namespace AnnServer.LoadGen.Verdicts;

/// <summary>
/// The second and the last quarter of a run's samples. The first is still warming up; two quarters between those that are compared are long
/// enough for what grows to have grown.
/// </summary>
internal sealed class Quarters<T>(IReadOnlyList<T> samples)
{
    private const int LeastSamples = 8;

    private readonly IReadOnlyList<T> _second = [.. samples.Take(samples.Count / 2).Skip(samples.Count / 4)];
    private readonly IReadOnlyList<T> _last = [.. samples.Skip(samples.Count - (samples.Count / 4))];

    /// <summary>Two samples in a quarter at least.</summary>
    public bool AreEnough => samples.Count >= LeastSamples;

    /// <summary>Medians of both.</summary>
    public (double Second, double Last) Medians(Func<T, double> figure) => (Median(_second.Select(figure)), Median(_last.Select(figure)));

    public (double Second, double Last) Means(Func<T, double> figure) => (_second.Average(figure), _last.Average(figure));

    public static double Median(IEnumerable<double> figures)
    {
        double[] ordered = [.. figures.Order()];
        int middle = ordered.Length / 2;
        return ordered.Length % 2 == 1 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2;
    }
}
