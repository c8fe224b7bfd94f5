using AnnServer.Engine.Model;
using AnnServer.Storage;

namespace AnnServer.Engine.Collections;

/// <summary>
/// What every change that a caller makes to a collection passes: whether it can be made now, its place in the log, and when it can be
/// acknowledged.
/// </summary>
internal sealed class CommitGate(CollectionData data, CollectionContext context)
{
    /// <summary>Puts the record that <see cref="CollectionData.Record"/> holds into the log; its sequence. Under the commit lock.</summary>
    public ulong Append(Operation operation) => context.Log.Append((byte)operation, data.Number, data.Record.Payload);

    /// <summary>Completes when the changes up to a sequence are as durable as their caller wants them.</summary>
    /// <exception cref="StorageFaultException">The store has failed.</exception>
    public ValueTask SettleAsync(ulong sequence, Durability durability, CancellationToken cancellation)
    {
        switch (durability)
        {
            case Durability.Memory:
                return default;
            case Durability.Logged:
                context.Log.RequestCommit(sequence);
                return default;
            default:
                return context.Log.WaitDurableAsync(sequence, cancellation);
        }
    }

    /// <summary>Why a change cannot be begun now, or null. The configuration is the one the request was checked against.</summary>
    public EngineError? Refusal(CollectionConfig config) => Obstacle(config) ?? context.Shortage();

    /// <summary>As above, of a change that takes memory.</summary>
    public EngineError? RefusalToGrow(CollectionConfig config) => Obstacle(config) ?? context.ShortageToGrow();

    /// <summary>
    /// Why a change that has been begun cannot go on, or null. The space that is kept free is there to finish it: a request should be
    /// refused as a whole.
    /// </summary>
    public EngineError? Interruption(CollectionConfig config)
    {
        string? shortage = context.Log.Disk.SevereShortage() ?? context.Memory.SevereShortage();
        return Obstacle(config)
            ?? (shortage is null ? null : EngineError.Of(EngineStatus.ResourceExhausted, $"{shortage} Some of the request may have been written."));
    }

    private EngineError? Obstacle(CollectionConfig config)
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
