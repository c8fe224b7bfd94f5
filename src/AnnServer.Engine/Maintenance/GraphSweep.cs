using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;
using AnnServer.Engine.Checkpoints;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Storage;

namespace AnnServer.Engine.Maintenance;

/// <summary>
/// One pass over a graph that takes the hidden points out of it. Each row is repaired and logged on its own, so searches and
/// writes go on in between and a crash leaves a whole graph:
/// 1. the hidden points of this moment are condemned; from here on no row gains a link to one;
/// 2. every row that links to a hidden point is repaired;
/// 3. the condemned are forgotten: nothing links to them, and the entry point moves if it was one;
/// 4. live points that no path leads to any more are linked again;
/// 5. when the readers of before have left, the slots are free.
/// </summary>
internal sealed class GraphSweep(CollectionData data, OperationLog log, ScratchPool scratches, CancellationToken stopping)
{
    private const long MostAsideBytes = 16L << 20;

    private static readonly TimeSpan AsidePoll = TimeSpan.FromMilliseconds(2);

    private uint[] _condemned = [];

    public int Forgotten => _condemned.Length;

    public long RepairedRows { get; private set; }

    public int Relinked { get; private set; }

    /// <summary>Steps 1 to 4. False if it was stopped, the disk is short of space or there was nothing to do; what was done stands.</summary>
    public bool Unlink()
    {
        uint slots;
        lock (data.CommitLock)
        {
            _condemned = [.. data.Hidden];
            slots = data.Index.SlotCount;
        }

        if (_condemned.Length == 0)
        {
            return false;
        }

        Array.Sort(_condemned);
        for (uint ordinal = 0; ordinal < slots; ordinal++)
        {
            // Nearly all that a sweep appends are repaired rows; what is left of it after them is finished.
            if (IsStopped() || log.Disk.Shortage() is not null)
            {
                return false;
            }

            RepairRows(ordinal);
        }

        Forget();
        // Under the inner product short vectors have no links to them even in a fresh graph: every row near them is full of
        // longer ones. Linking them again would change nothing; searches that come short of k fall back to the exact scan.
        if (data.Config.Metric != Metric.Dot)
        {
            RelinkUnreachable();
        }

        return true;
    }

    /// <summary>Step 5.</summary>
    public void Release()
    {
        foreach (uint[] chunk in _condemned.Chunk(1024))
        {
            WaitForCheckpoint();
            lock (data.CommitLock)
            {
                foreach (uint ordinal in chunk)
                {
                    data.Pages.Clearing(ordinal);
                    data.Attributes.Clear(ordinal);
                }
            }
        }

        data.Index.Release(_condemned);
    }

    // What a checkpoint has still to write of the slots is put aside in memory: no faster than it is written.
    private void WaitForCheckpoint()
    {
        while (!IsStopped() && log.Fault is null)
        {
            lock (data.CommitLock)
            {
                if (data.Pages.AsideBytes <= MostAsideBytes)
                {
                    return;
                }
            }

            stopping.WaitHandle.WaitOne(AsidePoll);
        }
    }

    private bool IsStopped() => stopping.IsCancellationRequested || data.IsDropped;

    private void RepairRows(uint ordinal)
    {
        // Points hidden since the sweep began are not condemned and still lead the way: their rows must not lead to slots that
        // are given to other vectors.
        if (Array.BinarySearch(_condemned, ordinal) >= 0)
        {
            return;
        }

        VectorIndex index = data.Index;
        using ScratchPool.Scope scope = scratches.Rent();
        for (int layer = index.TopLayer(ordinal); layer >= 0; layer--)
        {
            if (!index.PlanRepair(new RowKey(ordinal, layer), scope.Scratch))
            {
                continue;
            }

            lock (data.CommitLock)
            {
                if (data.IsDropped)
                {
                    return;
                }

                index.CommitRepair(scope.Scratch);
                AppendRows(scope.Scratch);
            }

            RepairedRows++;
        }
    }

    private void Forget()
    {
        foreach (uint[] chunk in _condemned.Chunk(RecordWriter.MaxOrdinals))
        {
            lock (data.CommitLock)
            {
                if (data.IsDropped)
                {
                    return;
                }

                foreach (uint ordinal in chunk)
                {
                    data.Pages.Changing(PageKind.Point, ordinal);
                }

                data.Index.Forget(chunk);
                data.Hidden.ExceptWith(chunk);
                data.Record.Clear();
                data.Record.WriteOrdinals(chunk);
                log.Append((byte)Operation.Forget, data.Number, data.Record.Payload);
            }
        }
    }

    private void RelinkUnreachable()
    {
        var reached = new OrdinalBitmap();
        foreach (uint ordinal in GraphAudit.FindUnreachable(data.Index, reached))
        {
            if (IsStopped())
            {
                return;
            }

            // One link into points that are cut off together is enough: further ones would only crowd the rows around.
            if (!reached.Contains(ordinal) && Relink(ordinal))
            {
                GraphAudit.Reach(data.Index, ordinal, reached);
            }
        }
    }

    // False if nothing links to it even now.
    private bool Relink(uint ordinal)
    {
        using ScratchPool.Scope scope = scratches.Rent();
        data.Index.PlanRelink(ordinal, scope.Scratch);
        lock (data.CommitLock)
        {
            if (data.IsDropped || !data.Index.IsLive(ordinal))
            {
                return false;
            }

            bool isLinked = data.Index.CommitRelink(scope.Scratch);
            AppendRows(scope.Scratch);
            Relinked++;
            return isLinked;
        }
    }

    private void AppendRows(SearchScratch scratch)
    {
        data.Record.Clear();
        data.Record.WriteRows(data.Index, VectorIndex.ChangedRows(scratch));
        log.Append((byte)Operation.SetLinks, data.Number, data.Record.Payload);
    }
}
