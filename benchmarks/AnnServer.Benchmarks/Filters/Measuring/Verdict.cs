namespace AnnServer.Benchmarks.Filters.Measuring;

/// <summary>One answer, judged.</summary>
/// <param name="Wanted">Results of a perfect answer.</param>
/// <param name="IsShort">Fewer results than min(k, matching).</param>
/// <param name="Wrong">Results that do not match, or come twice.</param>
internal readonly record struct Verdict(int Wanted, int Right, bool IsShort, int Wrong, long Distances, int Candidates, string Strategy);
