using AnnServer.Engine.Collections;
using AnnServer.Storage;

namespace AnnServer.Engine.Checkpoints;

/// <summary>What a checkpoint is made of, at one moment.</summary>
/// <param name="LastNumber">Highest number that a collection has ever had.</param>
/// <param name="Redo">The place in the log of that moment: every collection that was created before it is among those given.</param>
internal sealed record CheckpointSource(uint LastNumber, IReadOnlyList<CollectionData> Collections, LogPosition Redo);
