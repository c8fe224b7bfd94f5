using AnnServer.Core.Search;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Checkpoints;
using AnnServer.Engine.Model;
using AnnServer.Storage;

namespace AnnServer.Engine.Collections;

/// <summary>Changes attributes of points: applies each change and logs it under one lock, then waits for the disk where that is wanted.</summary>
internal sealed class AttributeWriter(CollectionData data, CollectionContext context, CommitGate gate)
{
    public async ValueTask<EngineResult<AttributeUpdateReceipt>> UpdateAttributesAsync(
        IReadOnlyList<AttributeUpdate> updates, Durability durability, Faults faults, CancellationToken cancellation)
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
                await context.Log.WaitForDiskAsync(cancellation).ConfigureAwait(false);
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

            await gate.SettleAsync(lsn, durability, cancellation).ConfigureAwait(false);
            return new AttributeUpdateReceipt(new WriteReceipt(changed, lsn), notFound);
        }
        catch (StorageFaultException)
        {
            return context.StoreFailed();
        }
    }

    // Null where there is no such point.
    private EngineResult<ulong?> UpdateAttributes(AttributeUpdate update, CollectionConfig config, int position)
    {
        using ScratchPool.Scope scope = context.Scratches.Rent();
        lock (data.CommitLock)
        {
            if ((position == 0 ? gate.RefusalToGrow(config) : gate.Interruption(config)) is { } refused)
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
                data.Pages.Changing(PageKind.Point, ordinal);
                data.BeginReplacement();
                data.Attributes.Set(ordinal, blob);
                data.EndReplacement();
                data.Record.Clear();
                data.Record.WriteUInt32(ordinal);
                data.Record.WriteBytes(blob);
                return (ulong?)gate.Append(Operation.SetAttributes);
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
}
