using System.Diagnostics;
using System.Runtime.InteropServices;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Compare;

/// <summary>The contender's side of the protocol in benchmarks/compare/README.md, over any index of this process.</summary>
internal sealed class ContenderLoop
{
    // A server compiles its hot paths once in its life, in the background: long enough for that to be over.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private const int WarmUpEf = 64;

    private readonly IContender _contender;
    private readonly ContenderOptions _options;
    private readonly float[][] _queries;
    private readonly RecallJudge _judge;
    private readonly ContenderReady _ready;
    private readonly ulong[][] _found;
    private readonly int[] _counts;

    public ContenderLoop(IContender contender, ContenderOptions options)
    {
        _contender = contender;
        _options = options;
        VectorFile queries = VectorFile.Read(options.Query);
        _queries = Rows(queries);
        // Ties are judged as far as the ground truth reaches: the vectors are not kept for it, nor counted among the index's memory.
        _judge = new RecallJudge(GroundTruth.Read(options.Truth, options.TruthScores), options.Score, queries, null);
        _found = [.. _queries.Select(_ => new ulong[options.K])];
        _counts = new int[_queries.Length];
        _ready = Build();
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < WarmUp;)
            Search(WarmUpEf);
        ProcessUsage.ResetPeak();
    }

    public void Serve(TextReader commands, TextWriter answers)
    {
        Write(answers, ContenderProtocol.Format(_ready));
        while (commands.ReadLine() is { } line && line != ContenderProtocol.Quit)
            Write(answers, ContenderProtocol.Format(Run(ContenderProtocol.ParseRun(line))));
    }

    private ContenderReady Build()
    {
        float[][] rows = Rows(VectorFile.Read(_options.Base));
        double start = ProcessUsage.CpuSeconds();
        _contender.Build(rows);
        double seconds = ProcessUsage.CpuSeconds() - start;
        string version = $"AnnServer {typeof(ContenderLoop).Assembly.GetName().Version?.ToString(3)}, {RuntimeInformation.FrameworkDescription}";
        return new ContenderReady(
            true, _contender.Name, version, rows.Length, rows[0].Length, _queries.Length, _contender.Params, seconds,
            _contender.BytesPerVector);
    }

    private ContenderRound Run(int ef)
    {
        long wall = Stopwatch.GetTimestamp();
        double cpu = ProcessUsage.CpuSeconds();
        Search(ef);
        double cpuSeconds = ProcessUsage.CpuSeconds() - cpu;
        double wallSeconds = Stopwatch.GetElapsedTime(wall).TotalSeconds;
        return new ContenderRound(
            ef, $"ef={ef}", Recall(), cpuSeconds * 1e6 / _queries.Length, _queries.Length / wallSeconds, ProcessUsage.PeakRssBytes());
    }

    private void Search(int ef)
    {
        for (int i = 0; i < _queries.Length; i++)
            _counts[i] = _contender.Search(_queries[i], ef, _found[i]);
    }

    private double Recall()
    {
        long right = 0;
        for (int i = 0; i < _queries.Length; i++)
            right += _judge.CountRight(i, _found[i].AsSpan(0, _counts[i]), _options.K);
        return (double)right / ((long)_queries.Length * _options.K);
    }

    private static float[][] Rows(VectorFile file)
    {
        float[][] rows = new float[file.Count][];
        for (int i = 0; i < rows.Length; i++)
            rows[i] = file.ToSingles(i);
        return rows;
    }

    private static void Write(TextWriter answers, string line)
    {
        answers.WriteLine(line);
        answers.Flush();
    }
}
