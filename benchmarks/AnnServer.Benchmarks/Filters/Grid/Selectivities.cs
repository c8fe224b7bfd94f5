namespace AnnServer.Benchmarks.Filters.Grid;

/// <summary>Shares of all points that the filters of the grid let pass.</summary>
internal static class Selectivities
{
    public static IReadOnlyList<double> All { get; } = [0.5, 0.2, 0.1, 0.04, 0.01, 0.001, 0.0001];

    public static string NameOf(double selectivity) => $"{selectivity * 100:0.##} %";
}
