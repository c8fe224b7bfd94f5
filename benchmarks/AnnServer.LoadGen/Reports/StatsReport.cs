using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Reports;

/// <summary>The server's counts since it started.</summary>
/// <param name="Searches">Queries answered: a batch of 32 counts 32.</param>
internal sealed record StatsReport(
    string Version, double UptimeSeconds, ulong Searches, ulong Upserts, ulong Deletes, double CpuSeconds, ulong ResidentBytes,
    ulong ManagedHeapBytes, uint KernelBits)
{
    public static StatsReport From(GetStatsResponse stats) => new(
        stats.Version, stats.UptimeSeconds, stats.Searches, stats.Upserts, stats.Deletes, stats.CpuSeconds, stats.ResidentBytes,
        stats.ManagedHeapBytes, stats.KernelBits);
}
