using AnnServer.Benchmarks.Filters.Columns;
using AnnServer.Engine.Querying;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Filters.Questions;

/// <summary>Finds the truth by brute force: the scores of all rows in float64, once for each query.</summary>
internal sealed class TruthFinder(ScoreKind kind, float[] rows, int dimension, AttributeColumns columns, int k)
{
    // The hundred unfiltered neighbours that the lift is counted on.
    private const int LiftDepth = 100;

    /// <summary>The truth of each filter for the same query.</summary>
    public FilteredTruth[] Find(float[] query, IReadOnlyList<Predicate> predicates)
    {
        double[] scores = new double[columns.Rows];
        for (int row = 0; row < scores.Length; row++)
            scores[row] = ExactScore.Compute(kind, query, rows.AsSpan(row * dimension, dimension));
        int[] neighbours = NearestRows.Among(scores, kind, null, LiftDepth);
        return [.. predicates.Select(predicate => Find(scores, neighbours, columns.Matching(predicate)))];
    }

    private FilteredTruth Find(double[] scores, int[] neighbours, bool[] matches)
    {
        int matching = matches.AsSpan().Count(true);
        int[] nearest = NearestRows.Among(scores, kind, matches, k);
        double share = (double)neighbours.Count(row => matches[row]) / neighbours.Length;
        return new FilteredTruth(
            matching,
            nearest.Length,
            nearest.Length == 0 ? double.NaN : scores[nearest[^1]],
            matching == 0 ? null : share * matches.Length / matching);
    }
}
