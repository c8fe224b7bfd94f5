namespace AnnServer.Engine.Model;

/// <summary>How an answer came about. Times are in microseconds.</summary>
public readonly record struct SearchReport
{
    public SearchStrategy Strategy { get; init; }

    public int EfUsed { get; init; }

    public long DistanceComputations { get; init; }

    public long Expansions { get; init; }

    public double Selectivity { get; init; }

    public long Matching { get; init; }

    /// <summary>
    /// The recall to expect of searches like this one, as measured; 1 where every matching point was compared, 0 where nothing is known.
    /// </summary>
    public double RecallEstimate { get; init; }

    /// <summary>The walk was given up and every matching point was compared.</summary>
    public bool ExactFallback { get; init; }

    public double FilterMicroseconds { get; init; }

    public double SearchMicroseconds { get; init; }

    public double TotalMicroseconds { get; init; }
}
