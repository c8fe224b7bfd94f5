namespace AnnServer.Benchmarks.Compare.Data;

/// <summary>
/// What a generated set is made from. Points lie in clusters of unequal size and spread, each with few directions of its own; a
/// smooth nonlinear map that all share bends them into the full dimension, and a little noise lifts them off the surface.
/// </summary>
internal sealed record ManifoldSpec(string Name, int Rows, int Dimension, string Metric)
{
    public int Queries { get; init; } = 1000;

    public ulong Seed { get; init; } = 42;

    public int Clusters { get; init; } = 1000;

    /// <summary>Cluster number i (from 1) is as likely as i to the power of minus this.</summary>
    public double Zipf { get; init; } = 0.7;

    /// <summary>Directions in which a cluster extends: evenly drawn between these bounds.</summary>
    public int MinRank { get; init; } = 16;

    public int MaxRank { get; init; } = 32;

    /// <summary>The deviation along direction j (from 1) is j to the power of minus this.</summary>
    public double Decay { get; init; } = 0.3;

    /// <summary>The deviation along the first direction, in units of a centre's distance from the middle; half of clusters have more.</summary>
    public double Spread { get; init; } = 0.5;

    /// <summary>Deviation of the noise in each dimension, as a share of a cluster's extent.</summary>
    public double Noise { get; init; } = 0.1;

    /// <summary>Dimension of the space that is bent, and width of the map that bends it.</summary>
    public int Latent { get; init; } = 64;

    public int Width { get; init; } = 256;

    public static IReadOnlyList<ManifoldSpec> Known { get; } =
    [
        new("manifold-1m-128", 1_000_000, 128, "l2") { Clusters = 2000, Decay = 0.45 },
        new("manifold-200k-768", 200_000, 768, "cosine"),
        new("manifold-100k-1536", 100_000, 1536, "cosine"),
        new("manifold-300k-1536", 300_000, 1536, "cosine"),
    ];
}
