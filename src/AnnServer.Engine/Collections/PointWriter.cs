using AnnServer.Core.Graph;
using AnnServer.Core.Search;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.Storage;

namespace AnnServer.Engine.Collections;

/// <summary>Changes points: applies each change and puts it into the log under one lock, then waits until it is durable.</summary>
internal sealed class PointWriter(CollectionData data, CollectionContext context, PointReader reader)
{
    private const uint NoOrdinal = uint.MaxValue;

    // A record of ordinals stays far below a page of the log.
    private const int OrdinalsPerRecord = 100_000;

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

    public async ValueTask<EngineResult<WriteReceipt>> DeleteAsync(
        IReadOnlyList<PointId> ids, Faults faults, CancellationToken cancellation)
    {
        PointRules.CheckBatch(ids.Count, "ids", context.Limits.MaxBatchPoints, faults);
        for (int i = 0; i < ids.Count; i++)
        {
            ids[i].Validate($"ids[{i}]", faults);
        }

        return faults.Any ? faults.ToError() : await DeleteAsync(() => Resolve(ids), cancellation).ConfigureAwait(false);
    }

    public async ValueTask<EngineResult<WriteReceipt>> DeleteAsync(
        FilterSpec filter, Faults faults, CancellationToken cancellation)
    {
        FilterCompiler.TryCompile(filter, data.Config.Attributes, context.Limits, faults, out Predicate? predicate);
        if (predicate is null && !faults.Any)
        {
            faults.Add("filter", "is empty and would match everything; delete the collection instead");
        }

        return faults.Any
            ? faults.ToError()
            : await DeleteAsync(() => Matching(predicate!, cancellation), cancellation).ConfigureAwait(false);
    }

    public async ValueTask<EngineResult<AttributeUpdateReceipt>> UpdateAttributesAsync(
        IReadOnlyList<AttributeUpdate> updates, Faults faults, CancellationToken cancellation)
    {
        CollectionConfig config = data.Config;
        PointRules.CheckBatch(updates.Count, "updates", context.Limits.MaxBatchPoints, faults);
        for (int i = 0; i < updates.Count; i++)
        {
            using Faults.Scope scope = faults.Within("updates", i);
            updates[i].Id.Validate("id", faults);
            AttributeRules.Check(updates[i].Set, config.Attributes, context.Limits, faults, "set");
            if (updates[i] is { Set.Count: 0, Remove.Count: 0, Replace: false })
            {
                faults.Add("set", "is empty, and so is remove; nothing would change");
            }

            foreach (string name in updates[i].Remove)
            {
                if (!AttributeNames.IsValid(name))
                {
                    faults.AddAnother("remove", $"names \"{name}\": {AttributeNames.Rule}");
                }

                if (updates[i].Set.ContainsKey(name))
                {
                    faults.AddAnother("remove", $"names {name}, which is also set");
                }
            }
        }

        if (faults.Any)
        {
            return faults.ToError();
        }

        try
        {
            var notFound = new List<PointId>();
            int changed = 0;
            ulong lsn = context.Log.LastLsn;
            for (int i = 0; i < updates.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                EngineResult<ulong?> written = UpdateAttributes(updates[i], config, i);
                if (!written.IsOk)
                {
                    return written.Error;
                }

                if (written.Value is { } sequence)
                {
                    changed++;
                    lsn = sequence;
                }
                else
                {
                    notFound.Add(updates[i].Id);
                }
            }

            await context.Log.WaitDurableAsync(lsn, cancellation).ConfigureAwait(false);
            return new AttributeUpdateReceipt(new WriteReceipt(changed, lsn), notFound);
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
        if (Refusal(config) is { } refused)
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
                if (Refusal(config) is { } refusedNow)
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
        record.WriteVector(index.Vector(ordinal));
        record.WriteBytes(blob);
        record.WriteRows(index, VectorIndex.ChangedRows(scratch));
        ulong lsn = Append(Operation.Upsert);
        if (replaces)
        {
            context.Janitor.PointsHidden(data);
        }

        return lsn;
    }

    private async ValueTask<EngineResult<WriteReceipt>> DeleteAsync(Func<List<uint>> select, CancellationToken cancellation)
    {
        try
        {
            ulong lsn = context.Log.LastLsn;
            int deleted;
            using (context.Scratches.Rent())
            {
                lock (data.CommitLock)
                {
                    if (Refusal(data.Config) is { } refused)
                    {
                        return refused;
                    }

                    List<uint> ordinals = select();
                    deleted = ordinals.Count;
                    try
                    {
                        foreach (uint[] chunk in ordinals.Chunk(OrdinalsPerRecord))
                        {
                            lsn = Hide(chunk);
                        }
                    }
                    catch (Exception error) when (error is not StorageFaultException)
                    {
                        throw context.Log.Fail(error);
                    }
                }
            }

            await context.Log.WaitDurableAsync(lsn, cancellation).ConfigureAwait(false);
            context.Metrics.Deleted(data.Config.Name, deleted);
            return new WriteReceipt(deleted, lsn);
        }
        catch (StorageFaultException)
        {
            return context.StoreFailed();
        }
    }

    private List<uint> Resolve(IReadOnlyList<PointId> ids)
    {
        var ordinals = new List<uint>();
        var seen = new HashSet<uint>();
        foreach (PointId id in ids)
        {
            if (data.Ids.TryGet(id, out uint ordinal) && seen.Add(ordinal))
            {
                ordinals.Add(ordinal);
            }
        }

        return ordinals;
    }

    private List<uint> Matching(Predicate predicate, CancellationToken cancellation)
    {
        var ordinals = new List<uint>();
        Core.Filtering.OrdinalBitmap matching = reader.Matching(predicate, cancellation);
        foreach (uint ordinal in matching)
        {
            ordinals.Add(ordinal);
        }

        reader.Return(matching);
        return ordinals;
    }

    private ulong Hide(ReadOnlySpan<uint> ordinals)
    {
        foreach (uint ordinal in ordinals)
        {
            data.Ids.Remove(data.Ids.Id(ordinal));
            data.Hide(ordinal);
        }

        data.AdvanceRevision();
        data.Record.Clear();
        data.Record.WriteOrdinals(ordinals);
        ulong lsn = Append(Operation.Delete);
        context.Janitor.PointsHidden(data);
        return lsn;
    }

    // Null where there is no such point.
    private EngineResult<ulong?> UpdateAttributes(AttributeUpdate update, CollectionConfig config, int position)
    {
        using ScratchPool.Scope scope = context.Scratches.Rent();
        lock (data.CommitLock)
        {
            if (Refusal(config) is { } refused)
            {
                return refused;
            }

            if (!data.Ids.TryGet(update.Id, out uint ordinal))
            {
                return (ulong?)null;
            }

            var faults = new Faults();
            Dictionary<string, AttributeValue> merged = Merge(update, data.Attributes.Get(ordinal));
            byte[]? blob = null;
            if (merged.Count > 0)
            {
                using Faults.Scope within = faults.Within("updates", position);
                blob = AttributeRules.CheckAndEncode(merged, config.Attributes, context.Limits, faults, "set");
            }

            if (faults.Any)
            {
                return faults.ToError();
            }

            try
            {
                data.Attributes.Set(ordinal, blob);
                data.AdvanceRevision();
                data.Record.Clear();
                data.Record.WriteUInt32(ordinal);
                data.Record.WriteBytes(blob);
                return (ulong?)Append(Operation.SetAttributes);
            }
            catch (Exception error) when (error is not StorageFaultException)
            {
                throw context.Log.Fail(error);
            }
        }
    }

    private static Dictionary<string, AttributeValue> Merge(AttributeUpdate update, byte[]? blob)
    {
        Dictionary<string, AttributeValue> merged = update.Replace || blob is null ? [] : AttributeCodec.Decode(blob);
        foreach ((string name, AttributeValue value) in update.Set)
        {
            merged[name] = value;
        }

        foreach (string name in update.Remove)
        {
            merged.Remove(name);
        }

        return merged;
    }

    private ulong Append(Operation operation) => context.Log.Append((byte)operation, data.Number, data.Record.Payload);

    // Why a write cannot be made now. The configuration is the one the request was checked against.
    private EngineError? Refusal(CollectionConfig config)
    {
        if (data.IsDropped)
        {
            return Catalog.NotFound(config.Name);
        }

        if (context.Log.Fault is not null)
        {
            return context.StoreFailed();
        }

        return ReferenceEquals(config, data.Config)
            ? null
            : EngineError.Of(EngineStatus.Unavailable, "The collection's attributes were changed meanwhile; try again.");
    }
}
