using System.Diagnostics;
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
    private readonly List<double[]> _cpu = [];

    public BatchSearcher(Collection collection, SearchEffortChoice effort, int k, IReadOnlyList<FilteredQuestion> questions, int size)
    {
        _collection = collection;
        _batches = [.. questions.Select(question => QueryOf(question, effort, k)).Chunk(size)];
        _answers = [.. _batches.Select(batch => (SearchAnswer[])[.. batch.Select(_ => new SearchAnswer())])];
    }

    /// <summary>Processor time of a query, in microseconds: the mean of each batch's median over the rounds, as that of single queries.</summary>
    public double Cpu => Medians.Sum(_cpu, _batches.Length) / _batches.Sum(batch => batch.Length);

    /// <summary>Asks again and again, so that what only batches run is compiled as well as what single queries do.</summary>
    public void WarmUp(double seconds)
    {
        long started = Stopwatch.GetTimestamp();
        do
        {
            for (int i = 0; i < _batches.Length; i++)
                Ask(i);
        }
        while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds);
    }

    /// <summary>Asks all once and takes the time of each batch.</summary>
    public void Measure()
    {
        double[] cpu = new double[_batches.Length];
        for (int i = 0; i < cpu.Length; i++)
        {
            double start = ProcessUsage.CpuSeconds();
            Ask(i);
            cpu[i] = (ProcessUsage.CpuSeconds() - start) * 1e6;
        }
        _cpu.Add(cpu);
    }

    /// <summary>Rows of the last answers, in the order of the questions.</summary>
    public IEnumerable<IEnumerable<int>> Rows =>
        _answers.SelectMany(batch => batch.Select(answer => answer.Hits.Select(hit => (int)hit.Id.Number)));

    private void Ask(int batch) =>
        _ = _collection.TrySearchBatch(_batches[batch], _answers[batch], long.MaxValue, new Faults(), CancellationToken.None).Value;

    private static SearchQuery QueryOf(FilteredQuestion question, SearchEffortChoice effort, int k)
    {
        SearchQuery query = new() { Vector = question.Vector, K = k, Filter = new FilterSpec(null, question.Predicate) };
        effort.Apply(query);
        return query;
    }
}
