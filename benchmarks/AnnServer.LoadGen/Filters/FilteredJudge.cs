using AnnServer.LoadGen.Data;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Filters;

/// <summary>Judges answers to filtered queries by the exact answer, the base vectors and the base attributes.</summary>
internal sealed class FilteredJudge(
    VectorFile baseVectors, VectorFile queries, IReadOnlyList<IReadOnlyDictionary<string, Value>> attributes, int k)
{
    public FilteredOutcome Judge(FilteredCase pair, SearchResponse response, double latencyUs)
    {
        int wanted = Math.Min(k, pair.TrueIds.Length);
        float[] query = queries.ToSingles(pair.Query);
        HashSet<int> seen = [];
        int right = 0, wrong = 0;
        foreach (Hit hit in response.Hits)
        {
            bool isRow = hit.Id.IdCase == PointId.IdOneofCase.Num && hit.Id.Num < (ulong)baseVectors.Count;
            int row = isRow ? (int)hit.Id.Num : -1;
            if (row < 0 || !seen.Add(row) || !PredicateOracle.Matches(pair.Predicate, hit.Id, attributes[row]))
                wrong++;
            else if (wanted > 0 && IsRight(pair, query, row, wanted))
                right++;
        }
        return new FilteredOutcome(
            pair, wanted, Math.Min(right, wanted), response.Hits.Count, wrong, latencyUs, response.Report ?? new SearchReport());
    }

    private bool IsRight(FilteredCase pair, float[] query, int row, int wanted)
    {
        if (pair.TrueIds.AsSpan(0, wanted).Contains(row))
            return true;
        double similarity = ExactScore.Compute(ScoreKind.Cosine, query, baseVectors.ToSingles(row));
        return ExactScore.IsNoWorse(ScoreKind.Cosine, similarity, pair.TrueSimilarities[wanted - 1]);
    }
}
