using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Filters.Questions;

/// <summary>The best of scored rows.</summary>
internal static class NearestRows
{
    /// <summary>The <paramref name="depth"/> nearest of the rows that match, or of all; nearest first, equal scores by row.</summary>
    public static int[] Among(double[] scores, ScoreKind kind, bool[]? matches, int depth)
    {
        List<int> best = new(depth + 1);
        for (int row = 0; row < scores.Length; row++)
        {
            if (matches is not null && !matches[row])
                continue;
            if (best.Count == depth && ExactScore.Compare(kind, scores[row], scores[best[^1]]) >= 0)
                continue;
            int place = best.Count;
            while (place > 0 && ExactScore.Compare(kind, scores[row], scores[best[place - 1]]) < 0)
                place--;
            best.Insert(place, row);
            if (best.Count > depth)
                best.RemoveAt(depth);
        }
        return [.. best];
    }
}
