using AnnServer.Core.Graph;

namespace AnnServer.Engine.Model;

/// <summary>What a collection is: fixed when it is created, but for <see cref="Attributes"/>.</summary>
public sealed record CollectionConfig
{
    public required string Name { get; init; }

    public required int Dimension { get; init; }

    public required Metric Metric { get; init; }

    public HnswConfig Hnsw { get; init; } = new();

    public Quantization Quantization { get; init; } = Quantization.Automatic;

    public VectorStorage VectorStorage { get; init; } = VectorStorage.Float32;

    public VectorPlacement VectorPlacement { get; init; } = VectorPlacement.Memory;

    public IReadOnlyList<AttributeSchema> Attributes { get; init; } = [];

    /// <summary>The same with every choice made that was left to the engine.</summary>
    internal CollectionConfig Resolve() =>
        Quantization == Quantization.Automatic ? this with { Quantization = (Quantization)GraphParameters.CodesFor(Dimension) } : this;
}
