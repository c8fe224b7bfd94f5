using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Filters;

/// <summary>The answer to one pair, judged.</summary>
/// <param name="Wanted">Results a perfect answer has.</param>
internal sealed record FilteredOutcome(
    FilteredCase Case, int Wanted, int Right, int Returned, int WrongHits, double LatencyUs, SearchReport Report)
{
    public double Recall => Wanted == 0 ? 1 : (double)Right / Wanted;

    public string Strategy => Report.ExactFallback ? Report.Strategy + " (fallback)" : Report.Strategy;
}
