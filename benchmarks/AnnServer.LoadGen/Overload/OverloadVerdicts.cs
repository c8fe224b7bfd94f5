using AnnServer.LoadGen.Verdicts;

namespace AnnServer.LoadGen.Overload;

/// <summary>Judges an overload by its samples.</summary>
internal static class OverloadVerdicts
{
    private const double Mebibyte = 1024 * 1024;
    private const double MillisecondUs = 1000;

    public static IReadOnlyList<Verdict> Of(OverloadOutcome outcome, OverloadBounds bounds)
    {
        List<Verdict> verdicts = [Goodput(outcome, bounds), Latency(outcome, bounds), Recovery(outcome, bounds)];
        if (outcome.Beside.Count > 0)
            verdicts.Add(Bystanders(outcome, bounds));
        if (outcome.During.Count > 0 && outcome.During[0].ResidentBytes > 0)
            verdicts.Add(Memory(outcome, bounds));
        double others = Total(outcome, sample => sample.Other);
        verdicts.Add(Verdict.None("calls that ended otherwise", (long)Math.Round(others), $"{Total(outcome, sample => sample.Offered):N0}"));
        verdicts.Add(Verdict.None("connections that the server ended", outcome.Broken, "all"));
        return verdicts;
    }

    private static Verdict Goodput(OverloadOutcome outcome, OverloadBounds bounds)
    {
        double accepted = outcome.During.Average(sample => sample.Accepted);
        double part = accepted / outcome.Peak;
        return new Verdict(
            "goodput in overload", $"{accepted:F0} of {outcome.Peak:F0}/s, {part:P1}", $"at least {bounds.Goodput:P0}", part >= bounds.Goodput);
    }

    private static Verdict Latency(OverloadOutcome outcome, OverloadBounds bounds)
    {
        double worst = outcome.During.Max(sample => sample.Latency.P99Us) / MillisecondUs;
        double median = P99(outcome.During) / MillisecondUs;
        return new Verdict(
            "p99 of accepted calls", $"{median:F1} ms, in the worst second {worst:F1} ms", $"at most {bounds.P99Ms:F0} ms",
            outcome.During.Any(sample => sample.Latency.Count > 0) && median <= bounds.P99Ms);
    }

    private static Verdict Recovery(OverloadOutcome outcome, OverloadBounds bounds)
    {
        double near = P99(outcome.Before) * bounds.P99Ratio;
        string bound = $"within {bounds.RecoverySeconds:F0} s below {near / MillisecondUs:F1} ms";
        OverloadSample? first = outcome.After.FirstOrDefault(sample => sample.Latency.Count > 0 && sample.Latency.P99Us <= near);
        return first is null
            ? new Verdict("p99 recovers", "never", bound, Passed: false)
            : new Verdict("p99 recovers", $"{first.Seconds:F0} s", bound, first.Seconds <= bounds.RecoverySeconds + 0.5);
    }

    private static Verdict Bystanders(OverloadOutcome outcome, OverloadBounds bounds)
    {
        (double without, double with) = (P99(outcome.Before), P99(outcome.Beside));
        return new Verdict(
            "p99 beside idle and stalled clients", $"{without / MillisecondUs:F1} to {with / MillisecondUs:F1} ms",
            $"ratio at most {bounds.P99Ratio:F1}", with <= without * bounds.P99Ratio);
    }

    private static Verdict Memory(OverloadOutcome outcome, OverloadBounds bounds)
    {
        Quarters<OverloadSample> quarters = new(outcome.During);
        if (!quarters.AreEnough)
            return new Verdict("resident memory", $"{outcome.During.Count} samples", "at least 8", Passed: false);
        (double second, double last) = quarters.Medians(sample => sample.ResidentBytes);
        return new Verdict(
            "resident memory", $"{second / Mebibyte:F1} to {last / Mebibyte:F1} MiB", $"at most {bounds.MemoryGrowth:P0} more",
            last <= second * (1 + bounds.MemoryGrowth));
    }

    // In the median second.
    private static double P99(IReadOnlyList<OverloadSample> samples) =>
        Quarters<OverloadSample>.Median(
            samples.Where(sample => sample.Latency.Count > 0).Select(sample => (double)sample.Latency.P99Us).DefaultIfEmpty());

    private static double Total(OverloadOutcome outcome, Func<OverloadSample, double> rate) =>
        new[] { outcome.Before, outcome.Beside, outcome.During, outcome.After }.Sum(samples => samples.Sum(rate));
}
