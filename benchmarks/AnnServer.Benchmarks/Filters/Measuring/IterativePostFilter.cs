using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Benchmarks.Filters.Measuring;

/// <summary>
/// Searches without the filter and applies it to the results, twice as many each time, until k match or there are as many candidates
/// as may be looked at: what a client does that has no filters, and what pgvector's iterative scan does within.
/// </summary>
/// <param name="start">Results, and candidates of the walk, of the first search.</param>
/// <param name="most">Those of the last one that is made.</param>
internal sealed class IterativePostFilter(Collection collection, int k, int start, int most) : ISearcher
{
    private readonly SearchQuery _query = new() { Vector = default, K = k };
    private readonly SearchAnswer _answer = new();

    public int Start => start;

    public void Search(FilteredQuestion question, bool[] matches, LabAnswer answer)
    {
        _query.Vector = question.Vector;
        answer.Distances = 0;
        int width = Math.Clamp(start, k, most);
        while (true)
        {
            _query.K = width;
            _query.Ef = width;
            _ = collection.TrySearch(_query, _answer, long.MaxValue, new Faults(), CancellationToken.None).Value;
            answer.Distances += _answer.Report.DistanceComputations;
            Filter(matches, answer.Rows);
            if (answer.Rows.Count == k || width == most || _answer.Hits.Count < width)
                break;
            width = Math.Min(2 * width, most);
        }
        answer.Candidates = width;
    }

    private void Filter(bool[] matches, List<int> rows)
    {
        rows.Clear();
        foreach (ref readonly SearchHit hit in _answer.HitSpan)
        {
            int row = (int)hit.Id.Number;
            if (!matches[row])
                continue;
            rows.Add(row);
            if (rows.Count == k)
                break;
        }
    }
}
