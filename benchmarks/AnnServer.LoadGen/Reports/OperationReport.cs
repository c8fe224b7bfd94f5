using AnnServer.LoadGen.Load;

namespace AnnServer.LoadGen.Reports;

internal sealed record OperationReport(string Name, LatencySummary Latency);
