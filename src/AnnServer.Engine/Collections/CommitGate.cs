using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections;

/// <summary>What every change that a caller makes to a collection passes: whether it can be made now, and its place in the log.</summary>
internal sealed class CommitGate(CollectionData data, CollectionContext context)
{
    /// <summary>Puts the record that <see cref="CollectionData.Record"/> holds into the log; its sequence. Under the commit lock.</summary>
    public ulong Append(Operation operation) => context.Log.Append((byte)operation, data.Number, data.Record.Payload);

    /// <summary>Why a change cannot be made now, or null. The configuration is the one the request was checked against.</summary>
    public EngineError? Refusal(CollectionConfig config)
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
