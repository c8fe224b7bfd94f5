namespace AnnServer.LoadGen.Reports;

/// <summary>A mixed run: what was done, what was wrong, and the comparison with the exact oracle at the end.</summary>
/// <param name="ExactEqual">Final queries whose exact answer equals the oracle's.</param>
internal sealed record MixedReport(
    double Seconds,
    int LivePoints,
    IReadOnlyList<OperationReport> Operations,
    int FinalQueries,
    int ExactEqual,
    double DefaultRecall,
    double FilteredRecall,
    long WrongAnswers,
    IReadOnlyList<string> FirstWrongAnswers,
    IReadOnlyDictionary<string, long> Errors,
    IReadOnlyDictionary<string, string> ErrorDetails,
    IReadOnlyList<MemorySample> Memory)
{
    private const double Mebibyte = 1024 * 1024;

    public bool Passed => WrongAnswers == 0 && Errors.Count == 0;

    public string MemoryLine => Memory.Count == 0
        ? "-"
        : $"{InMebibytes(Memory[0])}..{InMebibytes(Memory.MaxBy(sample => sample.ResidentBytes))}..{InMebibytes(Memory[^1])}";

    private static string InMebibytes(MemorySample sample) => $"{sample.ResidentBytes / Mebibyte:F0}";
}
