namespace AnnServer.Engine.Model;

/// <summary>Parameters of the graph; see Malkov &amp; Yashunin, arXiv 1603.09320, section 4.1.</summary>
public sealed record HnswConfig
{
    /// <summary>Links a new node makes on each layer; layer 0 keeps up to twice as many.</summary>
    public int M { get; init; } = 16;

    public int EfConstruction { get; init; } = 200;

    /// <summary>Fixes the layer of every node.</summary>
    public ulong Seed { get; init; } = 42;
}
