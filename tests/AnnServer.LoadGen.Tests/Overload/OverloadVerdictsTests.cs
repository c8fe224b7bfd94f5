using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Overload;
using AnnServer.LoadGen.Verdicts;

namespace AnnServer.LoadGen.Tests.Overload;

/// <summary>Each verdict fails for its own reason, and passes just before.</summary>
public sealed class OverloadVerdictsTests
{
    private static readonly OverloadBounds Bounds = new(Goodput: 0.9, P99Ms: 500, MemoryGrowth: 0.1, RecoverySeconds: 10, P99Ratio: 1.5);

    private static OverloadSample Calm { get; } = new(1, 500, 500, 0, 500, 0, 0, 0, Latency(10_000), 100_000_000);

    private static OverloadSample Busy { get; } = new(1, 10_000, 3000, 7000, 901, 2099, 0, 0, Latency(499_000), 100_000_000);

    private static OverloadOutcome Good { get; } =
        new(Peak: 1000, Samples(5, Calm), Samples(5, Calm), Samples(20, Busy), Samples(20, Calm), Broken: 0);

    private static readonly (string Name, Func<OverloadOutcome, OverloadOutcome> Make)[] WorseOutcomes =
    [
        ("goodput in overload", outcome => outcome with { During = Samples(20, Busy with { Accepted = 899 }) }),
        ("p99 of accepted calls", outcome => outcome with { During = Samples(20, Busy with { Latency = Latency(500_001) }) }),
        ("p99 of accepted calls", outcome => outcome with { During = Samples(20, Busy with { Latency = default }) }),
        ("p99 recovers", outcome => outcome with { After = Samples(20, Calm with { Latency = Latency(15_001) }) }),
        ("p99 recovers", outcome => outcome with { After = [.. Samples(20, Calm).Select(sample => sample with { Seconds = sample.Seconds + 10 })] }),
        ("p99 beside idle and stalled clients", outcome => outcome with { Beside = Samples(5, Calm with { Latency = Latency(15_001) }) }),
        ("resident memory", outcome => outcome with { During = [.. Samples(15, Busy), .. Samples(5, Busy with { ResidentBytes = 111_000_000 })] }),
        ("calls that ended otherwise", outcome => outcome with { During = [Busy with { Other = 1 }, .. Samples(19, Busy)] }),
        ("connections that the server ended", outcome => outcome with { Broken = 1 }),
    ];

    [Fact]
    public void Of_ServerThatHolds_AllPass()
    {
        IReadOnlyList<Verdict> verdicts = OverloadVerdicts.Of(Good, Bounds);

        Assert.All(verdicts, verdict => Assert.True(verdict.Passed, verdict.Name));
        Assert.Equal(7, verdicts.Count);
    }

    [Fact]
    public void Of_WorseOutcome_FailsForThatAlone()
    {
        Assert.All(WorseOutcomes, worse => Assert.Equal(
            [worse.Name], OverloadVerdicts.Of(worse.Make(Good), Bounds).Where(verdict => !verdict.Passed).Select(verdict => verdict.Name)));
    }

    [Fact]
    public void Of_NoBystandersAndNoMemory_SaysNothingOfThem()
    {
        OverloadOutcome outcome = Good with { Beside = [], During = Samples(20, Busy with { ResidentBytes = 0 }) };

        Assert.DoesNotContain(OverloadVerdicts.Of(outcome, Bounds), verdict => verdict.Name.Contains("idle") || verdict.Name.Contains("memory"));
    }

    [Fact]
    public void Of_RecoveryAfterSomeSeconds_SaysHowMany()
    {
        OverloadSample[] after = Samples(20, Calm);
        for (int i = 0; i < 3; i++)
            after[i] = after[i] with { Latency = Latency(400_000) };

        Verdict recovery = Assert.Single(OverloadVerdicts.Of(Good with { After = after }, Bounds), verdict => verdict.Name == "p99 recovers");

        Assert.Equal(("4 s", "within 10 s below 15.0 ms", true), (recovery.Figure, recovery.Bound, recovery.Passed));
    }

    private static OverloadSample[] Samples(int count, OverloadSample sample) =>
        [.. Enumerable.Range(1, count).Select(second => sample with { Seconds = second })];

    private static LatencySummary Latency(long p99) => new(100, 1, 1, 1, p99, p99, p99);
}
