using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Benchmarks.Filters.Measuring;

/// <summary>Gives the engine query and filter.</summary>
internal sealed class EngineSearcher : ISearcher
{
    /// <summary>How the name of a strategy ends that was left for comparing with all.</summary>
    public const string GivenUp = " given up";

    private readonly Collection _collection;
    private readonly SearchQuery _query;
    private readonly SearchAnswer _answer = new();

    public EngineSearcher(Collection collection, SearchEffortChoice effort, int k)
    {
        _collection = collection;
        _query = new SearchQuery { Vector = default, K = k };
        effort.Apply(_query);
    }

    public void Search(FilteredQuestion question, bool[] matches, LabAnswer answer)
    {
        _query.Vector = question.Vector;
        _query.Filter = new FilterSpec(null, question.Predicate);
        _ = _collection.TrySearch(_query, _answer, long.MaxValue, new Faults(), CancellationToken.None).Value;
        answer.Rows.Clear();
        foreach (ref readonly SearchHit hit in _answer.HitSpan)
            answer.Rows.Add((int)hit.Id.Number);
        answer.Distances = _answer.Report.DistanceComputations;
        answer.FilterMicroseconds = _answer.Report.FilterMicroseconds;
        answer.Strategy = _answer.Report.ExactFallback ? $"{_answer.Report.Strategy}{GivenUp}" : _answer.Report.Strategy.ToString();
    }
}
