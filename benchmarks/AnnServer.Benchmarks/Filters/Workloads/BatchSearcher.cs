using AnnServer.Benchmarks.Compare;
using AnnServer.Benchmarks.Filters.Measuring;
using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Benchmarks.Filters.Workloads;

/// <summary>Answers a workload in batches of one size.</summary>
internal sealed class BatchSearcher
{
    private readonly Collection _collection;
    private readonly SearchQuery[][] _batches;
    private readonly SearchAnswer[][] _answers;

    public BatchSearcher(Collection collection, SearchEffortChoice effort, int k, IReadOnlyList<FilteredQuestion> questions, int size)
    {
        _collection = collection;
        _batches = [.. questions.Select(question => QueryOf(question, effort, k)).Chunk(size)];
        _answers = [.. _batches.Select(batch => (SearchAnswer[])[.. batch.Select(_ => new SearchAnswer())])];
    }

    /// <summary>Processor time of a query, in microseconds.</summary>
    public double Run()
    {
        double start = ProcessUsage.CpuSeconds();
        for (int i = 0; i < _batches.Length; i++)
            _ = _collection.TrySearchBatch(_batches[i], _answers[i], long.MaxValue, new Faults(), CancellationToken.None).Value;
        return (ProcessUsage.CpuSeconds() - start) * 1e6 / _batches.Sum(batch => batch.Length);
    }

    /// <summary>Rows of the last answers, in the order of the questions.</summary>
    public IEnumerable<IEnumerable<int>> Rows =>
        _answers.SelectMany(batch => batch.Select(answer => answer.Hits.Select(hit => (int)hit.Id.Number)));

    private static SearchQuery QueryOf(FilteredQuestion question, SearchEffortChoice effort, int k)
    {
        SearchQuery query = new() { Vector = question.Vector, K = k, Filter = new FilterSpec(null, question.Predicate) };
        effort.Apply(query);
        return query;
    }
}
