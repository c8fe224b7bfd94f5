using AnnServer.Engine;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Hosting;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.Rpc;

internal static class StatsMapper
{
    /// <summary>The counters of the database beside those of the process, read now.</summary>
    public static Wire.GetStatsResponse ToWire(DatabaseStats stats, IReadOnlyList<Collection> collections, TimeSpan uptime)
    {
        Wire.GetStatsResponse wire = new()
        {
            Version = ServerVersion.Text,
            UptimeSeconds = uptime.TotalSeconds,
            Sequence = stats.Sequence,
            DurableSequence = stats.DurableSequence,
            LogBytes = (ulong)stats.LogBytes,
            CheckpointNumber = (ulong)stats.CheckpointNumber,
            PageStoreBytes = (ulong)stats.PageStoreBytes,
            CpuSeconds = Environment.CpuUsage.TotalTime.TotalSeconds,
            ResidentBytes = (ulong)Environment.WorkingSet,
            ManagedHeapBytes = (ulong)GC.GetTotalMemory(forceFullCollection: false),
            AllocatedBytes = (ulong)GC.GetTotalAllocatedBytes(),
            KernelBits = (uint)stats.KernelBits,
            ReplayedRecords = (ulong)stats.ReplayedRecords,
            ReplaySeconds = stats.ReplayTime.TotalSeconds,
            Searches = (ulong)stats.Searches,
            Upserts = (ulong)stats.Upserts,
            Deletes = (ulong)stats.Deletes,
        };
        foreach (Collection collection in collections)
        {
            wire.Collections.Add(CollectionMapper.ToWire(collection.GetInfo()));
        }

        return wire;
    }

    public static Wire.AuditGraphResponse ToWire(GraphReport report)
    {
        Wire.AuditGraphResponse wire = new()
        {
            Points = (ulong)report.Points,
            DeletedSlots = (ulong)report.DeletedSlots,
            Reachable = (ulong)(report.Points - report.Unreachable),
            Unreachable = (ulong)report.Unreachable,
            DanglingLinks = (ulong)report.DanglingLinks,
        };
        foreach (GraphLayerReport layer in report.Layers)
        {
            wire.Layers.Add(new Wire.GraphLayer
            {
                Layer = (uint)layer.Layer,
                Nodes = (ulong)layer.Nodes,
                Links = (ulong)layer.Links,
                OneWayLinks = (ulong)layer.OneWayLinks,
                MeanLinks = layer.MeanLinks,
                MaxLinks = (uint)layer.MaxLinks,
            });
        }

        return wire;
    }
}
