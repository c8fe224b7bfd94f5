using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Soak;
using AnnServer.LoadGen.Verdicts;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Tests.Soak;

/// <summary>Each verdict fails for its own reason, and passes just before.</summary>
public sealed class SoakVerdictsTests
{
    private const int Mebibyte = 1024 * 1024;

    private static readonly SoakSettings Settings = new(
        "c", Metric.L2, 100, 10, RecallTarget: 0.9, OperationMix.Parse(OperationMix.Default), Rate: 100, 1, 1, TimeSpan.FromMinutes(1),
        TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1), Grace: TimeSpan.FromSeconds(30));

    private static readonly SoakBounds Bounds = new(
        MemoryGrowth: 0.1, FolderGrowth: 0.5, P99Ratio: 2, RecallLoss: 0.02, RateDone: 0.95, ReadySeconds: 30);

    [Fact]
    public void Of_SteadyRun_AllPass()
    {
        IReadOnlyList<Verdict> verdicts = SoakVerdicts.Of(Outcome(_ => Steady), Settings, Bounds);

        Assert.All(verdicts, verdict => Assert.True(verdict.Passed, verdict.Name));
        Assert.Equal(14, verdicts.Count);
    }

    [Fact]
    public void Of_GrowthWithinTheBound_Passes()
    {
        SoakOutcome outcome = Outcome(i => Steady with { ResidentBytes = i >= 12 ? 109 * Mebibyte : 100 * Mebibyte });

        Verdict memory = Assert.Single(SoakVerdicts.Of(outcome, Settings, Bounds), verdict => verdict.Name == "resident memory");

        Assert.True(memory.Passed);
        Assert.Equal("100.0 to 109.0 MiB, 9.0 %", memory.Figure);
        Assert.Equal("at most 10 % more", memory.Bound);
    }

    private static readonly Dictionary<string, Func<SoakSample, SoakSample>> WorseSamples = new()
    {
        ["resident memory"] = sample => sample with { ResidentBytes = 111 * Mebibyte },
        ["anonymous memory"] = sample => sample with { AnonymousBytes = 56 * Mebibyte },
        ["data directory"] = sample => sample with { FolderBytes = 31 * Mebibyte },
        ["file descriptors"] = sample => sample with { Handles = 111 },
        ["threads"] = sample => sample with { Threads = 41 },
        ["search p99"] = sample => sample with { Searches = Latency(10_001) },
        ["write p99"] = sample => sample with { Writes = Latency(10_001) },
        ["recall"] = sample => sample with { Recall = 0.87 },
        ["rate done of wanted, last quarter"] = sample => sample with { Done = 94 },
    };

    public static TheoryData<string> WorseSampleNames => [.. WorseSamples.Keys];

    [Theory]
    [MemberData(nameof(WorseSampleNames))]
    public void Of_LastQuarterIsWorse_FailsForThatAlone(string name)
    {
        SoakOutcome outcome = Outcome(i => i >= 12 ? WorseSamples[name](Steady) : Steady);

        Assert.Equal([name], Failed(outcome));
    }

    private static readonly (string Name, Func<SoakOutcome, SoakOutcome> Make)[] WorseOutcomes =
    [
        ("lost or wrong points", outcome => outcome with { Lost = 1 }),
        ("wrong answers", outcome => outcome with { WrongAnswers = 1 }),
        ("errors without an excuse", outcome => outcome with { Errors = new Dictionary<string, long> { ["Internal"] = 1 } }),
        ("SIGTERM exits with 0", outcome => outcome with { Restarts = [new SoakRestart(1, IsKill: false, 1, 1, 1)] }),
        ("SIGTERM exits with 0", outcome => outcome with { Restarts = [new SoakRestart(1, IsKill: false, null, 30, 1)] }),
        ("longest start", outcome => outcome with { Restarts = [new SoakRestart(1, IsKill: true, null, 1, 31)] }),
    ];

    [Fact]
    public void Of_CountsAreWrong_FailsForThatAlone()
    {
        Assert.All(WorseOutcomes, worse => Assert.Equal([worse.Name], Failed(worse.Make(Outcome(_ => Steady)))));
    }

    [Theory]
    [InlineData(0.9, 0.89, true)]
    [InlineData(0, 0.94, true)]
    [InlineData(0, 0.92, false)]
    public void Of_Recall_IsHeldAgainstTheTargetOrElseAgainstWhatItWas(double target, double last, bool passes)
    {
        SoakOutcome outcome = Outcome(i => i >= 12 ? Steady with { Recall = last } : Steady);

        Verdict recall = Assert.Single(
            SoakVerdicts.Of(outcome, Settings with { RecallTarget = target }, Bounds), verdict => verdict.Name == "recall");

        Assert.Equal(passes, recall.Passed);
    }

    [Fact]
    public void Of_SamplesBeforeTheFirstEnd_DoNotCount()
    {
        SoakOutcome outcome = Outcome(_ => Steady);
        SoakSample cold = Steady with { Start = 0, Searches = Latency(1), ResidentBytes = 1 };

        Assert.Empty(Failed(outcome with { Samples = [.. Enumerable.Repeat(cold, 16), .. outcome.Samples] }));
    }

    [Fact]
    public void Of_TooFewSamples_Fails()
    {
        SoakOutcome outcome = Outcome(_ => Steady);

        Assert.Equal(["samples"], Failed(outcome with { Samples = [.. outcome.Samples.Take(7)] }));
    }

    [Theory]
    [InlineData(2.0, 3.0, 1.0, 2.0)]
    [InlineData(2.5, 4.0, 1.0, 2.0, 3.0)]
    [InlineData(7.0, 7.0)]
    public void Median_OfFigures_IsTheMiddle(double median, params double[] figures)
    {
        Assert.Equal(median, Quarters<int>.Median(figures));
    }

    // Start 1: what is compared begins after the first end.
    private static SoakSample Steady { get; } = new(
        1, Start: 1, 100 * Mebibyte, 50 * Mebibyte, 20 * Mebibyte, Threads: 30, Handles: 100, 20 * Mebibyte, Latency(5000), Latency(5000),
        Wanted: 100, Done: 100, Failures: 0, Recall: 0.95, Points: 100);

    private static LatencySummary Latency(long p99) => new(100, 1, 1, 1, p99, p99, p99);

    private static SoakOutcome Outcome(Func<int, SoakSample> sample) => new(
        [.. Enumerable.Range(0, 16).Select(sample)], [new SoakRestart(1, IsKill: false, 0, 1, 2)], 60, 1000, 1000, 100, 0, [], 0, [], 0,
        new Dictionary<string, long>(), new Dictionary<string, string>());

    private static IEnumerable<string> Failed(SoakOutcome outcome) =>
        SoakVerdicts.Of(outcome, Settings, Bounds).Where(verdict => !verdict.Passed).Select(verdict => verdict.Name);
}
