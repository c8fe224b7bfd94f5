namespace AnnServer.Benchmarks.Filters.Measuring;

/// <summary>What was measured in one cell. Times are in microseconds.</summary>
internal sealed record CellResult(string Set, string Group, string Band)
{
    public required int Questions { get; init; }

    public required double Matching { get; init; }

    public required double Selectivity { get; init; }

    public required double? Lift { get; init; }

    public required double Recall { get; init; }

    /// <summary>Answers with fewer than min(k, matching) results.</summary>
    public required int Short { get; init; }

    /// <summary>Results that do not match, or come twice.</summary>
    public required int Wrong { get; init; }

    public required double Distances { get; init; }

    public required double Cpu { get; init; }

    /// <summary>Of the clock, to find what matches, which costs the post-filtered walk nothing.</summary>
    public required double FilterTime { get; init; }

    public required double Qps { get; init; }

    public required double P99 { get; init; }

    public required IReadOnlyDictionary<string, int> Strategies { get; init; }

    public required BaselineResult Exact { get; init; }

    public required BaselineResult PostFilter { get; init; }

    /// <summary>How many times the processor time of the planner's search the better baseline of equal recall takes.</summary>
    public double Advantage => PostFilter.IsEqual ? Math.Min(Exact.Ratio, PostFilter.Ratio) : Exact.Ratio;
}
