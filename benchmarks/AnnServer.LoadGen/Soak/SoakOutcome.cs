using AnnServer.LoadGen.Verdicts;

namespace AnnServer.LoadGen.Soak;

/// <summary>What a soak saw.</summary>
/// <param name="Answered">Operations.</param>
/// <param name="Acknowledged">Changes of points.</param>
/// <param name="Compared">Points that were read back after an end of the server and held against the ledger.</param>
/// <param name="Unavailable">Operations that an end of the server cut off.</param>
internal sealed record SoakOutcome(
    IReadOnlyList<SoakSample> Samples,
    IReadOnlyList<SoakRestart> Restarts,
    double Seconds,
    long Answered,
    long Acknowledged,
    long Compared,
    long Lost,
    IReadOnlyList<string> FirstLost,
    long WrongAnswers,
    IReadOnlyList<string> FirstWrongAnswers,
    long Unavailable,
    IReadOnlyDictionary<string, long> Errors,
    IReadOnlyDictionary<string, string> ErrorDetails)
{
    private const double WarmUpPart = 0.1;

    /// <summary>Those after the first kill, or where none is killed, after a tenth of the run.</summary>
    public IReadOnlyList<SoakSample> AfterWarmUp => Samples.Count > 0 && Samples[^1].Start > 0
        ? [.. Samples.SkipWhile(sample => sample.Start == 0)]
        : [.. Samples.Skip((int)(Samples.Count * WarmUpPart))];
}
