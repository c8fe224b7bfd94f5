namespace AnnServer.LoadGen.Data;

/// <summary>
/// Counts the right results of an answer. A result is right when it is among the true k, or when its true score ties with the
/// k-th: looked up in the ground truth where that reaches deeper than k, computed from the base vectors where it does not.
/// </summary>
internal sealed class RecallJudge(GroundTruth truth, ScoreKind kind, VectorFile queries, VectorFile? baseVectors)
{
    public int CountRight(int query, ReadOnlySpan<ulong> ids, int k)
    {
        ReadOnlySpan<int> trueIds = truth.Ids(query);
        if (k > trueIds.Length)
            throw new ArgumentOutOfRangeException(nameof(k), $"The ground truth is {trueIds.Length} deep.");
        int right = 0;
        for (int i = 0; i < Math.Min(k, ids.Length); i++)
        {
            bool repeated = ids[..i].Contains(ids[i]);
            if (!repeated && ids[i] <= int.MaxValue && IsRight(query, (int)ids[i], trueIds, k))
                right++;
        }
        return right;
    }

    private bool IsRight(int query, int id, ReadOnlySpan<int> trueIds, int k)
    {
        int rank = trueIds.IndexOf(id);
        if (rank >= 0 && rank < k)
            return true;
        if (!truth.HasScores)
            return false;
        ReadOnlySpan<float> scores = truth.Scores(query);
        double worst = scores[k - 1];
        if (rank >= 0)
            return ExactScore.IsNoWorse(kind, scores[rank], worst);
        if (baseVectors is null || id >= baseVectors.Count)
            return false;
        double score = ExactScore.Compute(kind, queries.ToSingles(query), baseVectors.ToSingles(id));
        return ExactScore.IsNoWorse(kind, score, worst);
    }
}
