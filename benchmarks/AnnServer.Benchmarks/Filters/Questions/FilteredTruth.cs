using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Filters.Questions;

/// <summary>What a perfect answer to a filtered query is.</summary>
/// <param name="Matching">Rows that satisfy the filter.</param>
/// <param name="Wanted">Results of a perfect answer: k, or fewer where fewer match.</param>
/// <param name="WorstScore">The exact score of the last of them; a matching row that ties with it is right too.</param>
/// <param name="Lift">Share of the unfiltered nearest hundred that match, over the selectivity; null where nothing matches.</param>
internal sealed record FilteredTruth(int Matching, int Wanted, double WorstScore, double? Lift)
{
    public bool Admits(ScoreKind kind, double score) => Wanted > 0 && ExactScore.IsNoWorse(kind, score, WorstScore);
}
