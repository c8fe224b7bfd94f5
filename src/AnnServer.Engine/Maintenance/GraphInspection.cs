using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;
using AnnServer.Engine.Checkpoints;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Maintenance;

/// <summary>
/// An audit of a graph that is served. Which slots are live or hidden is noted at one moment; rows are read one by one while others
/// write. Until it ends no slot is given to another vector, as with any other reader.
/// </summary>
internal static class GraphInspection
{
    public static EngineResult<GraphReport> Run(CollectionData data, CollectionContext context, CancellationToken cancellation)
    {
        using ScratchPool.Scope scope = context.Scratches.Rent();
        if (data.IsDropped)
        {
            return Catalog.NotFound(data.Config.Name);
        }

        var live = new OrdinalBitmap();
        var hidden = new HashSet<uint>();
        lock (data.CommitLock)
        {
            data.Index.CopyLive(live);
            hidden.UnionWith(data.Hidden);
        }

        GraphCounts counts = GraphAudit.Count(
            data.Index, live, (row, link) => !hidden.Contains(link) && IsDangling(data, row, link), cancellation);
        return new GraphReport(
            live.Count(),
            hidden.Count,
            counts.Unreachable,
            counts.Dangling,
            [.. counts.Layers.Select(static (layer, i) => new GraphLayerReport(i, layer.Nodes, layer.Links, layer.OneWay, layer.Longest))]);
    }

    // Seen without the lock a link may lead to a point that is just being inserted, or has been deleted since.
    private static bool IsDangling(CollectionData data, RowKey row, uint link)
    {
        lock (data.CommitLock)
        {
            return data.StateOf(link) == SlotState.Free && data.Index.IsLive(row.Ordinal) && data.Index.Links(row).Contains(link);
        }
    }
}
