using AnnServer.LoadGen.Load;

namespace AnnServer.LoadGen.Reports;

/// <summary>What a load did. <see cref="Loaded"/> is the server's own count.</summary>
/// <param name="Retries">Batches that the server refused for the moment and was sent again.</param>
internal sealed record LoadReport(
    string Collection,
    int Sent,
    ulong Loaded,
    double Seconds,
    double PointsPerSecond,
    double ServerCpuSeconds,
    double ServerCpuUsPerPoint,
    LatencySummary BatchLatency,
    long Retries,
    IReadOnlyDictionary<string, long> Errors,
    IReadOnlyDictionary<string, string> ErrorDetails);
