using AnnServer.Core.Graph;
using AnnServer.Core.Search;
using AnnServer.Engine.Model;
using AnnServer.Storage;

namespace AnnServer.Engine.Collections;

/// <summary>Inserts and replaces points: applies each and puts it into the log under one lock, then waits until it is durable.</summary>
internal sealed class PointWriter(CollectionData data, CollectionContext context, CommitGate gate)
{
    private const uint NoOrdinal = uint.MaxValue;

    public async ValueTask<EngineResult<WriteReceipt>> UpsertAsync(
        IReadOnlyList<Point> points, Faults faults, CancellationToken cancellation)
    {
        CollectionConfig config = data.Config;
        byte[]?[] blobs = CheckPoints(points, config, faults);
        if (faults.Any)
        {
            return faults.ToError();
        }

        try
        {
            ulong lsn = 0;
            for (int i = 0; i < points.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                EngineResult<ulong> written = Upsert(points[i], blobs[i], config);
                if (!written.IsOk)
                {
                    return written.Error;
                }

                lsn = written.Value;
            }

            await context.Log.WaitDurableAsync(lsn, cancellation).ConfigureAwait(false);
            context.Metrics.Upserted(data.Config.Name, points.Count);
            return new WriteReceipt(points.Count, lsn);
        }
        catch (StorageFaultException)
        {
            return context.StoreFailed();
        }
    }

    private byte[]?[] CheckPoints(IReadOnlyList<Point> points, CollectionConfig config, Faults faults)
    {
        PointRules.CheckBatch(points.Count, "points", context.Limits.MaxBatchPoints, faults);
        var blobs = new byte[]?[points.Count];
        for (int i = 0; i < points.Count; i++)
        {
            using Faults.Scope scope = faults.Within("points", i);
            blobs[i] = PointRules.CheckPoint(points[i], config, context.Limits, faults);
        }

        return blobs;
    }

    private EngineResult<ulong> Upsert(Point point, byte[]? blob, CollectionConfig config)
    {
        using ScratchPool.Scope scope = context.Scratches.Rent();
        SearchScratch scratch = scope.Scratch;
        if (gate.Refusal(config) is { } refused)
        {
            return refused;
        }

        VectorIndex index = data.Index;
        uint ordinal;
        try
        {
            if (!index.TryReserve(out ordinal))
            {
                context.Janitor.SlotsWanted(data);
                return EngineError.Of(
                    EngineStatus.ResourceExhausted, $"The collection is full: {index.Parameters.MaxNodes} slots are in use (MaxPointsPerCollection).");
            }
        }
        catch (InsufficientMemoryException error)
        {
            return EngineError.Of(EngineStatus.ResourceExhausted, error.Message);
        }

        bool committed = false;
        try
        {
            index.Plan(ordinal, point.Vector.Span, scratch);
            lock (data.CommitLock)
            {
                if (gate.Refusal(config) is { } refusedNow)
                {
                    return refusedNow;
                }

                committed = true;
                try
                {
                    return Apply(point.Id, ordinal, blob, scratch);
                }
                catch (Exception error) when (error is not StorageFaultException)
                {
                    throw context.Log.Fail(error);
                }
            }
        }
        finally
        {
            if (!committed)
            {
                index.Release([ordinal]);
            }
        }
    }

    // Under the commit lock. The point's name and attributes are in place before anything leads to it.
    private ulong Apply(PointId id, uint ordinal, byte[]? blob, SearchScratch scratch)
    {
        VectorIndex index = data.Index;
        bool replaces = data.Ids.TryGet(id, out uint replaced);
        data.Ids.SetId(ordinal, id);
        data.Attributes.Set(ordinal, blob);
        if (replaces)
        {
            data.BeginReplacement();
        }

        index.Commit(scratch);
        data.Ids.Map(id, ordinal);
        if (replaces)
        {
            data.Hide(replaced);
            data.EndReplacement();
        }

        RecordWriter record = data.Record;
        record.Clear();
        record.WriteId(id);
        record.WriteUInt32(ordinal);
        record.WriteUInt32(replaces ? replaced : NoOrdinal);
        record.WriteVector(index, ordinal);
        record.WriteBytes(blob);
        record.WriteRows(index, VectorIndex.ChangedRows(scratch));
        ulong lsn = gate.Append(Operation.Upsert);
        if (replaces)
        {
            context.Janitor.PointsHidden(data);
        }

        return lsn;
    }
}
