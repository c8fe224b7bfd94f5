using AnnServer.Core.Filtering;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.Storage;

namespace AnnServer.Engine.Collections;

/// <summary>Deletes points: hides them and puts that into the log under one lock, then waits for the disk where that is wanted.</summary>
internal sealed class PointDeleter(CollectionData data, CollectionContext context, CommitGate gate, PointReader reader)
{
    public async ValueTask<EngineResult<WriteReceipt>> DeleteAsync(
        IReadOnlyList<PointId> ids, Durability durability, Faults faults, CancellationToken cancellation)
    {
        PointRules.CheckBatch(ids.Count, "ids", context.Limits.MaxBatchPoints, faults);
        for (int i = 0; i < ids.Count; i++)
        {
            ids[i].Validate($"ids[{i}]", faults);
        }

        return faults.Any ? faults.ToError() : await DeleteAsync(() => Resolve(ids), durability, cancellation).ConfigureAwait(false);
    }

    public async ValueTask<EngineResult<WriteReceipt>> DeleteAsync(
        FilterSpec filter, Durability durability, Faults faults, CancellationToken cancellation)
    {
        FilterCompiler.TryCompile(filter, data.Config.Attributes, context.Limits, faults, out Predicate? predicate);
        if (predicate is null && !faults.Any)
        {
            faults.Add("filter", "is empty and would match everything; delete the collection instead");
        }

        return faults.Any
            ? faults.ToError()
            : await DeleteAsync(() => Matching(predicate!, cancellation), durability, cancellation).ConfigureAwait(false);
    }

    private async ValueTask<EngineResult<WriteReceipt>> DeleteAsync(
        Func<List<uint>> select, Durability durability, CancellationToken cancellation)
    {
        try
        {
            await context.Log.WaitForDiskAsync(cancellation).ConfigureAwait(false);
            ulong lsn = context.Log.LastLsn;
            int deleted;
            using (context.Scratches.Rent())
            {
                lock (data.CommitLock)
                {
                    if (gate.Refusal(data.Config) is { } refused)
                    {
                        return refused;
                    }

                    List<uint> ordinals = select();
                    deleted = ordinals.Count;
                    try
                    {
                        foreach (uint[] chunk in ordinals.Chunk(RecordWriter.MaxOrdinals))
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

            await gate.SettleAsync(lsn, durability, cancellation).ConfigureAwait(false);
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
        OrdinalBitmap matching = reader.Matching(predicate, cancellation);
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
        ulong lsn = gate.Append(Operation.Delete);
        context.Janitor.PointsHidden(data);
        return lsn;
    }
}
