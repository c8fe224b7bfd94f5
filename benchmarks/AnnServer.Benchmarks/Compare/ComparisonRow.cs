namespace AnnServer.Benchmarks.Compare;

/// <summary>One contender at one effort: medians over the rounds.</summary>
internal sealed record ComparisonRow(
    string Dataset, string Contender, string Params, int Ef, double Recall, double CpuUsPerQuery, double Qps, double BuildCpuS,
    double BytesPerVector)
{
    public static ComparisonRow From(string dataset, ContenderReady ready, int ef, IReadOnlyList<ContenderRound> rounds) => new(
        dataset, ready.Contender, $"{ready.Params} ef={ef}".TrimStart(), ef, Median(rounds, round => round.Recall),
        Median(rounds, round => round.CpuUsPerQuery), Median(rounds, round => round.Qps), ready.BuildCpuS, ready.BytesPerVector);

    private static double Median(IReadOnlyList<ContenderRound> rounds, Func<ContenderRound, double> value)
    {
        double[] sorted = [.. rounds.Select(value).Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
