using AnnServer.LoadGen.Load;

namespace AnnServer.LoadGen.Reports;

/// <summary>One measured phase of queries at one effort, with what makes its speed meaningful: recall and the loaded count.</summary>
internal sealed record QueryReport(
    string Effort,
    string Mode,
    double? TargetRate,
    double Seconds,
    double Qps,
    LatencySummary Latency,
    double ServerCpuUsPerQuery,
    double? Recall,
    long Answered,
    long ShortOfK,
    ulong Loaded,
    IReadOnlyDictionary<string, long> Errors,
    IReadOnlyDictionary<string, string> ErrorDetails);
