using AnnServer.LoadGen.Load;

namespace AnnServer.LoadGen.Reports;

/// <summary>What a load did. <see cref="Loaded"/> is the server's own count.</summary>
internal sealed record LoadReport(
    string Collection,
    int Sent,
    ulong Loaded,
    double Seconds,
    double PointsPerSecond,
    double ServerCpuSeconds,
    LatencySummary BatchLatency,
    IReadOnlyDictionary<string, long> Errors,
    IReadOnlyDictionary<string, string> ErrorDetails);
