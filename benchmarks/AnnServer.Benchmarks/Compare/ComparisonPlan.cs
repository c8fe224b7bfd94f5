namespace AnnServer.Benchmarks.Compare;

/// <summary>Who is compared, with which parameters, and how often.</summary>
internal sealed record ComparisonPlan(IReadOnlyList<string> Contenders, int M, int EfConstruction, int K, IReadOnlyList<int> Efs)
{
    public required int Rounds { get; init; }

    /// <summary>Rounds at each effort before those that count.</summary>
    public required int WarmUp { get; init; }

    /// <summary>The core that all run on.</summary>
    public required int Core { get; init; }

    /// <summary>Folder where contenders may keep what they built; null to build anew.</summary>
    public string? Indexes { get; init; }
}
