namespace AnnServer.Engine.Model;

/// <summary>A description of a collection at one moment.</summary>
public sealed record CollectionInfo(
    CollectionConfig Config, CollectionState State, long Points, long DeletedSlots, int MaxLayer, MemoryUsage Memory);
