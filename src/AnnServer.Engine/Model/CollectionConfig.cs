namespace AnnServer.Engine.Model;

/// <summary>What a collection is: fixed when it is created, but for <see cref="Attributes"/>.</summary>
public sealed record CollectionConfig
{
    public required string Name { get; init; }

    public required int Dimension { get; init; }

    public required Metric Metric { get; init; }

    public HnswConfig Hnsw { get; init; } = new();

    public Quantization Quantization { get; init; }

    public IReadOnlyList<AttributeSchema> Attributes { get; init; } = [];
}
