using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Differential;

/// <summary>The collections of a run: every metric with every kind of codes, vectors of both kinds, few links and many.</summary>
internal static class SubjectKinds
{
    public static Subject[] All(Random random) =>
    [
        new(Config("l2", 12, Metric.L2, Quantization.None, m: 8), 4500, random),
        new(Config("l2-int8", 32, Metric.L2, Quantization.Int8, m: 6) with { VectorPlacement = VectorPlacement.Disk }, 1200, random),
        new(Config("l2-int4", 64, Metric.L2, Quantization.Int4, m: 8) with { VectorStorage = VectorStorage.Float16 }, 1500, random),
        new(Config("cosine", 16, Metric.Cosine, Quantization.None, m: 4) with { VectorStorage = VectorStorage.Float16 }, 900, random),
        new(Config("cosine-int8", 24, Metric.Cosine, Quantization.Int8, m: 8), 2400, random),
        new(Config("cosine-wide", 520, Metric.Cosine, Quantization.Automatic, m: 8) with { VectorPlacement = VectorPlacement.Disk }, 1200, random),
        new(Config("dot", 8, Metric.Dot, Quantization.None, m: 6), 1400, random),
        new(
            Config("dot-int8", 40, Metric.Dot, Quantization.Int8, m: 8) with { VectorStorage = VectorStorage.Float16, VectorPlacement = VectorPlacement.Disk },
            1600,
            random),
        new(Config("dot-int4", 48, Metric.Dot, Quantization.Int4, m: 12), 2000, random),
    ];

    private static CollectionConfig Config(string name, int dimension, Metric metric, Quantization quantization, int m) => new()
    {
        Name = name,
        Dimension = dimension,
        Metric = metric,
        Quantization = quantization,
        Hnsw = new HnswConfig { M = m, EfConstruction = 60 },
    };
}
