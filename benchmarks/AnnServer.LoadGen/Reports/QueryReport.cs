using AnnServer.LoadGen.Load;

namespace AnnServer.LoadGen.Reports;

/// <summary>One measured phase of queries at one effort, with what makes its speed meaningful: recall and the loaded count.</summary>
/// <param name="Upserts">Latency of the background upserts acknowledged meanwhile, from the time each was due.</param>
/// <param name="SendLag">Open loop only: how long after its intended time each request left. It is part of the latency.</param>
internal sealed record QueryReport(
    string Effort,
    string Mode,
    double? TargetRate,
    double Seconds,
    double Qps,
    LatencySummary Latency,
    LatencySummary SendLag,
    double ServerCpuUsPerQuery,
    double? Recall,
    long Answered,
    long ShortOfK,
    ulong Loaded,
    IReadOnlyDictionary<string, long> Errors,
    IReadOnlyDictionary<string, string> ErrorDetails,
    LatencySummary Upserts);
