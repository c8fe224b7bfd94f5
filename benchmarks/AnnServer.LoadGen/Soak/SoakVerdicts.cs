using AnnServer.LoadGen.Verdicts;

namespace AnnServer.LoadGen.Soak;

/// <summary>Judges a soak by its samples and counts.</summary>
internal static class SoakVerdicts
{
    private const double Mebibyte = 1024 * 1024;
    // A few connections and files more or less are no leak; one a minute would be sixty by the end of an hour.
    private const int HandleSlack = 10;

    public static IReadOnlyList<Verdict> Of(SoakOutcome outcome, SoakSettings settings, SoakBounds bounds) =>
        [.. OfQuarters(outcome, settings, bounds), .. OfCounts(outcome, settings, bounds)];

    private static IEnumerable<Verdict> OfQuarters(SoakOutcome outcome, SoakSettings settings, SoakBounds bounds)
    {
        IReadOnlyList<SoakSample> samples = outcome.AfterWarmUp;
        Quarters<SoakSample> quarters = new(samples);
        if (!quarters.AreEnough)
        {
            yield return new Verdict("samples", $"{samples.Count} after the first cycle", "at least 8", Passed: false);
            yield break;
        }
        yield return Growth("resident memory", quarters.Medians(sample => sample.ResidentBytes), bounds.MemoryGrowth);
        yield return Growth("anonymous memory", quarters.Medians(sample => sample.AnonymousBytes), bounds.MemoryGrowth);
        yield return Growth("data directory", quarters.Means(sample => sample.FolderBytes), bounds.FolderGrowth);
        yield return Count("file descriptors", quarters.Medians(sample => sample.Handles));
        yield return Count("threads", quarters.Medians(sample => sample.Threads));
        yield return Latency("search p99", quarters.Medians(sample => sample.Searches.P99Us), bounds.P99Ratio);
        yield return Latency("write p99", quarters.Medians(sample => sample.Writes.P99Us), bounds.P99Ratio);
        (double second, double last) = quarters.Means(sample => sample.Recall);
        // More than the target, as every start gives until it has measured what the target takes, is not to be kept up.
        double least = (settings.RecallTarget > 0 ? settings.RecallTarget : second) - bounds.RecallLoss;
        yield return new Verdict("recall", $"{second:F4} to {last:F4}", $"at least {least:F4}", last >= least);
        double done = quarters.Means(sample => sample.Done / sample.Wanted).Last;
        yield return Verdict.AtLeast("rate done of wanted, last quarter", done, bounds.RateDone, "P1");
    }

    private static IEnumerable<Verdict> OfCounts(SoakOutcome outcome, SoakSettings settings, SoakBounds bounds)
    {
        yield return Verdict.None("lost or wrong points", outcome.Lost, $"{outcome.Compared:N0} compared");
        yield return Verdict.None("wrong answers", outcome.WrongAnswers, $"{outcome.Answered:N0}");
        yield return Verdict.None("errors without an excuse", outcome.Errors.Values.Sum(), $"{outcome.Answered:N0}");
        SoakRestart[] ends = [.. outcome.Restarts.Where(restart => !restart.IsKill)];
        int clean = ends.Count(end => end.ExitCode == 0);
        double slowest = ends.Select(end => end.ExitSeconds).DefaultIfEmpty().Max();
        yield return new Verdict(
            "SIGTERM exits with 0", $"{clean} of {ends.Length}, slowest {slowest:F1} s", $"all within {settings.Grace.TotalSeconds:F0} s", clean == ends.Length);
        double ready = outcome.Restarts.Select(restart => restart.ReadySeconds ?? 0).DefaultIfEmpty().Max();
        yield return Verdict.AtMost("longest start", ready, bounds.ReadySeconds, "F1", " s");
    }

    private static Verdict Growth(string name, (double Second, double Last) bytes, double bound)
    {
        double growth = bytes.Second == 0 ? 0 : (bytes.Last / bytes.Second) - 1;
        return new Verdict(
            name, $"{bytes.Second / Mebibyte:F1} to {bytes.Last / Mebibyte:F1} MiB, {growth:P1}", $"at most {bound:P0} more", growth <= bound);
    }

    private static Verdict Count(string name, (double Second, double Last) count) => new(
        name, $"{count.Second:F0} to {count.Last:F0}", $"at most {HandleSlack} more", count.Last <= count.Second + HandleSlack);

    private static Verdict Latency(string name, (double Second, double Last) us, double bound)
    {
        double ratio = us.Second == 0 ? 1 : us.Last / us.Second;
        return new Verdict(
            name, $"{us.Second / 1000:F2} to {us.Last / 1000:F2} ms, ratio {ratio:F2}", $"ratio at most {bound:F1}", ratio <= bound);
    }
}
