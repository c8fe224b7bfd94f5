using AnnServer.LoadGen.Reports;

namespace AnnServer.LoadGen.Filters;

/// <summary>Slices outcomes by selectivity and by group.</summary>
internal static class FilteredSummary
{
    private static readonly (double Upper, string Name)[] Bands =
    [
        (0, "nothing matches"), (0.0001, "up to 0.01 %"), (0.001, "up to 0.1 %"), (0.01, "up to 1 %"),
        (0.1, "up to 10 %"), (0.5, "up to 50 %"), (1, "over 50 %"),
    ];

    public static IReadOnlyList<FilteredSlice> Slice(IReadOnlyList<FilteredOutcome> outcomes, int k)
    {
        List<FilteredSlice> slices = [Summarize("all", outcomes, k)];
        foreach ((double _, string name) in Bands)
            AddSlice(slices, name, [.. outcomes.Where(outcome => BandOf(outcome.Case.Selectivity) == name)], k);
        foreach (IGrouping<string, FilteredOutcome> group in outcomes.GroupBy(outcome => outcome.Case.Group).OrderBy(group => group.Key))
            AddSlice(slices, group.Key, [.. group], k);
        return slices;
    }

    public static string BandOf(double selectivity) => Bands.First(band => selectivity <= band.Upper).Name;

    private static void AddSlice(List<FilteredSlice> slices, string name, IReadOnlyList<FilteredOutcome> outcomes, int k)
    {
        if (outcomes.Count > 0)
            slices.Add(Summarize(name, outcomes, k));
    }

    private static FilteredSlice Summarize(string name, IReadOnlyList<FilteredOutcome> outcomes, int k)
    {
        long wanted = outcomes.Sum(outcome => (long)outcome.Wanted);
        return new FilteredSlice(
            name,
            outcomes.Count,
            wanted == 0 ? 1 : (double)outcomes.Sum(outcome => (long)outcome.Right) / wanted,
            outcomes.Count == 0 ? 1 : outcomes.Min(outcome => outcome.Recall),
            outcomes.Count(outcome => outcome.Returned < Math.Min(k, outcome.Case.Matches)),
            outcomes.Sum(outcome => (long)outcome.WrongHits),
            outcomes.Count(outcome => outcome.Report.Matching != (ulong)outcome.Case.Matches),
            outcomes.Count == 0 ? 0 : outcomes.Average(outcome => outcome.LatencyUs),
            outcomes.Count == 0 ? 0 : outcomes.Average(outcome => outcome.Report.TotalMicroseconds),
            outcomes.GroupBy(outcome => outcome.Strategy).ToDictionary(group => group.Key, group => group.Count()));
    }
}
