using AnnServer.Core.Graph;
using AnnServer.Core.Search;
using AnnServer.Engine.Model;
using AnnServer.Storage;

namespace AnnServer.Engine.Collections;

/// <summary>
/// Inserts and replaces points. A slot is reserved for each point of a request, or the request is refused; then each is planned,
/// side by side with others, and in its turn applied and put into the log under one lock; then all wait for the disk where that is wanted.
/// </summary>
internal sealed class PointWriter(CollectionData data, CollectionContext context, CommitGate gate)
{
    private const uint NoOrdinal = uint.MaxValue;

    /// <summary>Whether a point needs memory that a checkpoint gives back.</summary>
    public bool NeedsVectorMemory => data.Index.KeepsVectorsOnDisk;

    /// <param name="order">What the upsert comes after; null where it comes after nothing.</param>
    public async ValueTask<EngineResult<WriteReceipt>> UpsertAsync(
        IReadOnlyList<Point> points, WriteOrder? order, Durability durability, Faults faults, CancellationToken cancellation)
    {
        CollectionConfig config = data.Config;
        byte[]?[] blobs = CheckPoints(points, config, faults);
        if (faults.Any)
        {
            return faults.ToError();
        }

        try
        {
            EngineResult<uint[]> reserved = Reserve(points.Count, config);
            if (!reserved.IsOk)
            {
                return reserved.Error;
            }

            var upsert = new PendingUpsert(this, points, blobs, reserved.Value, config) { Cancellation = cancellation };
            if (order is null && points.Count == 1 && !context.Log.IsBehind && !(NeedsVectorMemory && context.Disk.Memory.IsFull) && context.Planning.TryEnter())
            {
                ApplyHere(upsert);
            }
            else if (TryQueue(upsert, order ?? new WriteOrder()))
            {
                context.Metrics.Waiting(config.Name, points.Count);
                await upsert.Settled.ConfigureAwait(false);
                context.Metrics.Waiting(config.Name, -points.Count);
            }
            else
            {
                return context.StoreFailed();
            }

            EngineResult<ulong> applied = upsert.Outcome();
            if (!applied.IsOk)
            {
                return applied.Error;
            }

            await gate.SettleAsync(applied.Value, durability, cancellation).ConfigureAwait(false);
            context.Metrics.Upserted(config.Name, points.Count);
            return new WriteReceipt(points.Count, applied.Value);
        }
        catch (StorageFaultException)
        {
            return context.StoreFailed();
        }
    }

    /// <summary>Works out the links of a point. Does not throw.</summary>
    public void Plan(PlannedPoint point)
    {
        PendingUpsert upsert = point.Upsert;
        point.Scope = context.Scratches.Rent();
        point.HasMemory = !data.IsDropped;
        if (upsert.IsFailed)
        {
            return;
        }

        try
        {
            upsert.Cancellation.ThrowIfCancellationRequested();
            if (gate.Interruption(upsert.Config) is { } refused)
            {
                upsert.Fail(refused);
                return;
            }

            if (context.Planning.IsStopping)
            {
                upsert.Fail(context.StoreFailed());
                return;
            }

            if (NoVectorMemory("some of the request may have been written") is { } noMemory)
            {
                upsert.Fail(noMemory);
                return;
            }

            data.Index.Plan(point.Ordinal, upsert.Points[point.Index].Vector.Span, point.Scope.Scratch);
            point.IsPlanned = true;
        }
        catch (InsufficientMemoryException error)
        {
            upsert.Fail(EngineError.Of(EngineStatus.ResourceExhausted, error.Message));
        }
        catch (Exception error)
        {
            upsert.Fail(error);
        }
    }

    /// <summary>Applies and logs a point, or gives its slot back if its upsert has failed. Does not throw.</summary>
    public void Commit(PlannedPoint point)
    {
        PendingUpsert upsert = point.Upsert;
        if (!point.IsPlanned || upsert.IsFailed || !TryApply(point))
        {
            GiveBack(point);
        }

        point.Scope.Dispose();
        upsert.Settle(point.Index);
    }

    // Not waited for any longer: no checkpoint makes room.
    private EngineError? NoVectorMemory(string consequence) => NeedsVectorMemory && context.Disk.Memory is { IsStuck: true } memory
        ? EngineError.Of(
            EngineStatus.ResourceExhausted,
            $"The vectors that no checkpoint has put on disk yet take {memory.Used} bytes, VectorMemoryBytes allows {memory.Limit}; {consequence}.")
        : null;

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

    private EngineResult<uint[]> Reserve(int count, CollectionConfig config)
    {
        using ScratchPool.Scope scope = context.Scratches.Rent();
        if ((gate.RefusalToGrow(config) ?? NoVectorMemory("nothing was written")) is { } refused)
        {
            return refused;
        }

        uint[] ordinals = new uint[count];
        try
        {
            if (data.Index.TryReserve(ordinals))
            {
                return ordinals;
            }
        }
        catch (InsufficientMemoryException error)
        {
            return EngineError.Of(EngineStatus.ResourceExhausted, error.Message);
        }

        context.Janitor.SlotsWanted(data);
        return EngineError.Of(
            EngineStatus.ResourceExhausted,
            $"The collection is full: of its {data.Index.Parameters.MaxNodes} slots (MaxPointsPerCollection) fewer than {count} are free; nothing was written.");
    }

    // A request of one point is not worth waking another thread for.
    private void ApplyHere(PendingUpsert upsert)
    {
        var point = new PlannedPoint(upsert, 0);
        try
        {
            Plan(point);
            Commit(point);
        }
        finally
        {
            context.Planning.Leave();
        }
    }

    private bool TryQueue(PendingUpsert upsert, WriteOrder order) => !order.Add(upsert) || context.Planning.TryQueue(order);

    private bool TryApply(PlannedPoint point)
    {
        PendingUpsert upsert = point.Upsert;
        lock (data.CommitLock)
        {
            if (gate.Interruption(upsert.Config) is { } refused)
            {
                upsert.Fail(refused);
                return false;
            }

            try
            {
                upsert.Sequence = Apply(point);
            }
            catch (StorageFaultException error)
            {
                upsert.Fail(error);
            }
            catch (Exception error)
            {
                // What is in memory may no longer be what the log says.
                upsert.Fail(context.Log.Fail(error));
            }

            return true;
        }
    }

    // Under the commit lock. The point's name and attributes are in place before anything leads to it.
    private ulong Apply(PlannedPoint point)
    {
        VectorIndex index = data.Index;
        PointId id = point.Upsert.Points[point.Index].Id;
        byte[]? blob = point.Upsert.Blobs[point.Index];
        uint ordinal = point.Ordinal;
        bool replaces = data.Ids.TryGet(id, out uint replaced);
        data.Pages.Changing(ordinal);
        data.Ids.SetId(ordinal, id);
        data.Attributes.Set(ordinal, blob);
        if (replaces)
        {
            data.BeginReplacement();
        }

        index.Commit(point.Scope.Scratch);
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
        record.WriteRows(index, VectorIndex.ChangedRows(point.Scope.Scratch));
        ulong lsn = gate.Append(Operation.Upsert);
        if (replaces)
        {
            context.Janitor.PointsHidden(data);
        }

        return lsn;
    }

    private void GiveBack(PlannedPoint point)
    {
        if (point.HasMemory)
        {
            data.Index.Release([point.Ordinal]);
        }
    }
}
