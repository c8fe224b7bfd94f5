using System.Diagnostics;
using AnnServer.Benchmarks.Compare;
using AnnServer.Benchmarks.Filters.Questions;

namespace AnnServer.Benchmarks.Filters.Measuring;

/// <summary>One contender and the questions of one cell, or the first of them where all would take too long.</summary>
internal sealed class Trial(ISearcher searcher, QuestionCell cell, bool[][] matches)
{
    // Fewer would be no measurement.
    private const int LeastQuestions = 5;

    private readonly LabAnswer _answer = new();
    private readonly List<double[]> _cpu = [];
    private readonly List<double[]> _latencies = [];
    private readonly List<double[]> _filterTimes = [];

    public ISearcher Searcher => searcher;

    /// <summary>One for each question that is asked.</summary>
    public IReadOnlyList<Verdict> Verdicts { get; private set; } = [];

    /// <summary>Microseconds of every answer of every round.</summary>
    public IEnumerable<double> Latencies => _latencies.SelectMany(round => round);

    /// <summary>Asks each question once and judges the answers; no further ones after that much processor time.</summary>
    /// <returns>Processor time of a question, in microseconds.</returns>
    public double Rehearse(Judge judge, double cpuSeconds, int most = int.MaxValue)
    {
        List<Verdict> verdicts = [];
        double spent = 0;
        for (int i = 0; i < Math.Min(most, cell.Questions.Count) && (i < LeastQuestions || spent < cpuSeconds); i++)
        {
            double start = ProcessUsage.CpuSeconds();
            searcher.Search(cell.Questions[i], matches[i], _answer);
            spent += ProcessUsage.CpuSeconds() - start;
            verdicts.Add(judge.Of(cell.Questions[i], matches[i], _answer));
        }
        Verdicts = verdicts;
        return spent * 1e6 / verdicts.Count;
    }

    /// <summary>Asks the same questions again and takes the time of each.</summary>
    public void Measure()
    {
        double[] cpu = new double[Verdicts.Count], latencies = new double[Verdicts.Count], filterTimes = new double[Verdicts.Count];
        for (int i = 0; i < cpu.Length; i++)
        {
            long started = Stopwatch.GetTimestamp();
            double before = ProcessUsage.CpuSeconds();
            searcher.Search(cell.Questions[i], matches[i], _answer);
            cpu[i] = (ProcessUsage.CpuSeconds() - before) * 1e6;
            latencies[i] = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
            filterTimes[i] = _answer.FilterMicroseconds;
        }
        _cpu.Add(cpu);
        _latencies.Add(latencies);
        _filterTimes.Add(filterTimes);
    }

    /// <summary>Share of the wanted results of the first questions that were found.</summary>
    public double Recall(int first)
    {
        long wanted = Verdicts.Take(first).Sum(verdict => (long)verdict.Wanted);
        return wanted == 0 ? 1 : (double)Verdicts.Take(first).Sum(verdict => (long)verdict.Right) / wanted;
    }

    /// <summary>Processor time of one of the first questions, in microseconds: the mean of each one's median over the rounds.</summary>
    public double Cpu(int first) => Medians.Sum(_cpu, first) / first;

    /// <summary>The same of the clock.</summary>
    public double Latency(int first) => Medians.Sum(_latencies, first) / first;

    /// <summary>And what of it went into finding what matches.</summary>
    public double FilterTime(int first) => Medians.Sum(_filterTimes, first) / first;
}
