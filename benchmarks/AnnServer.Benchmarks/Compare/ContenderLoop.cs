using System.Diagnostics;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Compare;

/// <summary>The contender's side of the protocol in benchmarks/compare/README.md, over any index of this process.</summary>
internal sealed class ContenderLoop
{
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
        VectorFile vectors = VectorFile.Read(options.Base);
        VectorFile queries = VectorFile.Read(options.Query);
        _queries = Rows(queries);
        _judge = new RecallJudge(GroundTruth.Read(options.Truth, options.TruthScores), options.Score, queries, vectors);
        _found = [.. _queries.Select(_ => new ulong[options.K])];
        _counts = new int[_queries.Length];

        float[][] rows = Rows(vectors);
        double start = ThreadClock.CpuSeconds();
        contender.Build(rows);
        double buildSeconds = ThreadClock.CpuSeconds() - start;
        _ready = new ContenderReady(
            true, contender.Name, vectors.Count, vectors.Dimension, queries.Count, contender.Params, buildSeconds,
            contender.BytesPerVector);
    }

    public void Serve(TextReader commands, TextWriter answers)
    {
        Write(answers, ContenderProtocol.Format(_ready));
        while (commands.ReadLine() is { } line && line != ContenderProtocol.Quit)
            Write(answers, ContenderProtocol.Format(Run(ContenderProtocol.ParseRun(line))));
    }

    private ContenderRound Run(int ef)
    {
        long wall = Stopwatch.GetTimestamp();
        double cpu = ThreadClock.CpuSeconds();
        for (int i = 0; i < _queries.Length; i++)
            _counts[i] = _contender.Search(_queries[i], ef, _found[i]);
        double cpuSeconds = ThreadClock.CpuSeconds() - cpu;
        double wallSeconds = Stopwatch.GetElapsedTime(wall).TotalSeconds;
        return new ContenderRound(ef, Recall(), cpuSeconds * 1e6 / _queries.Length, _queries.Length / wallSeconds);
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
