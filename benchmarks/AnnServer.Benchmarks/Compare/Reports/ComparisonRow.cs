namespace AnnServer.Benchmarks.Compare.Reports;

/// <summary>One contender at one effort: medians over the rounds.</summary>
internal sealed record ComparisonRow(
    string Dataset, string Contender, string Params, int Ef, double Recall, double CpuUsPerQuery, double Qps, double BuildCpuS,
    double BytesPerVector, long PeakRssBytes)
{
    public static ComparisonRow From(string dataset, ContenderReady ready, IReadOnlyList<ContenderRound> rounds) => new(
        dataset, ready.Contender, $"{ready.Params} {rounds[0].Effort}".TrimStart(), rounds[0].Ef, Median(rounds, round => round.Recall),
        Median(rounds, round => round.CpuUsPerQuery), Median(rounds, round => round.Qps), ready.BuildCpuS, ready.BytesPerVector,
        rounds.Max(round => round.PeakRssBytes));

    private static double Median(IReadOnlyList<ContenderRound> rounds, Func<ContenderRound, double> value)
    {
        double[] sorted = [.. rounds.Select(value).Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
