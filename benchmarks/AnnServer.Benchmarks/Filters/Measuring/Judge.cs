using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Filters.Measuring;

/// <summary>Counts what is right in an answer.</summary>
internal sealed class Judge(LabSet set)
{
    public Verdict Of(FilteredQuestion question, bool[] matches, LabAnswer answer)
    {
        FilteredTruth truth = question.Truth;
        HashSet<int> seen = [];
        int right = 0, wrong = 0;
        foreach (int row in answer.Rows)
        {
            if (!matches[row] || !seen.Add(row))
                wrong++;
            else if (truth.Admits(set.Score, ScoreOf(question, row)))
                right++;
        }
        return new Verdict(
            truth.Wanted, Math.Min(right, truth.Wanted), answer.Rows.Count < truth.Wanted, wrong, answer.Distances, answer.Candidates,
            answer.Strategy);
    }

    private double ScoreOf(FilteredQuestion question, int row) =>
        ExactScore.Compute(set.Score, question.Vector, set.Rows.AsSpan(row * set.Dimension, set.Dimension));
}
