using AnnServer.Core.Search;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Storage;

namespace AnnServer.Engine.Collections;

/// <summary>Starts and stops indexing attributes of a collection, all of them or none.</summary>
internal static class SchemaChange
{
    /// <summary>Applies the change and logs it; the sequence to wait for.</summary>
    public static EngineResult<ulong> Apply(
        CollectionData data, CollectionContext context, IReadOnlyList<AttributeSchema> add, IReadOnlyList<string> drop, Faults faults)
    {
        var gate = new CommitGate(data, context);
        using ScratchPool.Scope scope = context.Scratches.Rent();
        lock (data.CommitLock)
        {
            if (gate.RefusalToGrow(data.Config) is { } refused)
            {
                return refused;
            }

            List<AttributeSchema> kept = Keep(data.Config.Attributes, drop, faults);
            AttributeSchema[] attributes = [.. kept, .. add];
            if (add.Count == 0 && drop.Count == 0)
            {
                faults.Add("add_attributes", "is empty and so is drop_attributes; nothing would change");
            }

            SchemaRules.Check(attributes, context.Limits, faults, "add_attributes", kept.Count);
            if (faults.Any)
            {
                return faults.ToError();
            }

            try
            {
                if (Build(data, add, drop) is { } mismatch)
                {
                    return mismatch;
                }

                CollectionConfig config = data.Config with { Attributes = attributes };
                data.Config = config;
                data.Record.Clear();
                data.Record.WriteBytes(ConfigCodec.Encode(config));
                return gate.Append(Operation.UpdateCollection);
            }
            catch (Exception error) when (error is not StorageFaultException)
            {
                // What is in memory may no longer be what the log says.
                throw context.Log.Fail(error);
            }
        }
    }

    private static List<AttributeSchema> Keep(IReadOnlyList<AttributeSchema> declared, IReadOnlyList<string> drop, Faults faults)
    {
        var kept = new List<AttributeSchema>(declared);
        for (int i = 0; i < drop.Count; i++)
        {
            if (kept.RemoveAll(schema => schema.Name == drop[i]) == 0)
            {
                faults.Add($"drop_attributes[{i}]", $"\"{drop[i]}\" is not an indexed attribute");
            }
        }

        return kept;
    }

    // Indexes are built before any is dropped for good, so that a refusal can leave everything as it was.
    private static EngineError? Build(CollectionData data, IReadOnlyList<AttributeSchema> add, IReadOnlyList<string> drop)
    {
        var built = new List<string>();
        foreach (AttributeSchema schema in add)
        {
            if (drop.Contains(schema.Name))
            {
                data.Attributes.DropIndex(schema.Name);
            }

            IndexMismatches mismatches = data.Attributes.AddIndex(schema);
            if (mismatches.Count > 0)
            {
                built.ForEach(name => data.Attributes.DropIndex(name));
                Restore(data, drop);
                return EngineError.Of(
                    EngineStatus.FailedPrecondition,
                    $"{mismatches.Count} points have a value of \"{schema.Name}\" that is not of type {schema.Type}; the first is "
                    + $"{data.Ids.Id(mismatches.FirstOrdinal)} with {mismatches.FirstKind}.");
            }

            built.Add(schema.Name);
        }

        foreach (string name in drop)
        {
            if (!built.Contains(name))
            {
                data.Attributes.DropIndex(name);
            }
        }

        return null;
    }

    // Declared attributes that lost their index to one of the same name are indexed again; their values fit, as they did before.
    private static void Restore(CollectionData data, IReadOnlyList<string> dropped)
    {
        foreach (AttributeSchema schema in data.Config.Attributes)
        {
            if (dropped.Contains(schema.Name))
            {
                data.Attributes.DropIndex(schema.Name);
                data.Attributes.AddIndex(schema);
            }
        }
    }
}
