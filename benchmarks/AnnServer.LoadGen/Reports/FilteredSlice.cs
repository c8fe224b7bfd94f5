namespace AnnServer.LoadGen.Reports;

/// <summary>What a set of (query, predicate) pairs came to.</summary>
/// <param name="Short">Pairs with fewer than min(k, matches) results.</param>
/// <param name="WrongHits">Results that do not satisfy the predicate, or were returned twice.</param>
/// <param name="MatchingDiffers">Pairs where the server reports another number of matching points than the truth.</param>
internal sealed record FilteredSlice(
    string Name,
    int Pairs,
    double Recall,
    double WorstRecall,
    int Short,
    long WrongHits,
    int MatchingDiffers,
    double MeanLatencyUs,
    double MeanServerUs,
    IReadOnlyDictionary<string, int> Strategies);
