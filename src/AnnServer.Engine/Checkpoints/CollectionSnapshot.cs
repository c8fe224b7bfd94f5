using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Checkpoints;

/// <summary>What a checkpoint says of a collection beside its pages.</summary>
/// <param name="Slots">Slots there are, free ones included.</param>
/// <param name="Live">Slots whose pages say that they hold a point.</param>
/// <param name="Hidden">Slots whose pages say that their point is deleted.</param>
/// <param name="Entry">The node where searches start, null where there is none.</param>
internal sealed record CollectionSnapshot(uint Number, CollectionConfig Config, uint Slots, int Live, int Hidden, uint? Entry)
{
    /// <summary>As a collection is now. Under the commit lock.</summary>
    public static CollectionSnapshot Of(CollectionData data) => new(
        data.Number,
        data.Config,
        data.Index.SlotCount,
        data.Index.LiveCount,
        data.Hidden.Count,
        data.Index.TryGetEntry(out uint entry) ? entry : null);
}
