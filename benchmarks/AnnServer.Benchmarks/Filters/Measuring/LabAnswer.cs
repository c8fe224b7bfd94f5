namespace AnnServer.Benchmarks.Filters.Measuring;

/// <summary>The answer of a contender, filled anew by each question.</summary>
internal sealed class LabAnswer
{
    public List<int> Rows { get; } = [];

    public long Distances { get; set; }

    /// <summary>Candidates that were filtered on the client's side.</summary>
    public int Candidates { get; set; }

    /// <summary>Of the clock, to find what matches.</summary>
    public double FilterMicroseconds { get; set; }

    /// <summary>How the engine says it came about.</summary>
    public string Strategy { get; set; } = "";
}
