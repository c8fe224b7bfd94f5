using AnnServer.Benchmarks.Filters;
using AnnServer.Benchmarks.Filters.Grid;
using AnnServer.Benchmarks.Filters.Measuring;
using AnnServer.Engine.Model;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Tests.Filters;

/// <summary>A small set and a plan for it.</summary>
internal static class LabFixture
{
    public const int Dimension = 8;

    public static LabPlan Plan { get; } = new()
    {
        Effort = SearchEffortChoice.Parse("default"),
        Target = 0.95,
        K = 10,
        Queries = 6,
        Rounds = 2,
        BaselineSeconds = 0.01,
        WarmUpSeconds = 0.01,
        Shapes = [Shape.Equality, Shape.AntiCorrelated],
        Selectivities = [0.2, 0.001],
        Pairs = 0,
        Workload = 0,
        WorkloadSeconds = 0.01,
        Seed = 1,
    };

    public static LabSet Set(int rows)
    {
        float[] queries = ClusteredRows.Make(20, Dimension, clusters: 5, seed: 8);
        byte[] file = [.. queries.Chunk(Dimension).SelectMany(query => (byte[])
            [.. BitConverter.GetBytes(Dimension), .. query.SelectMany(BitConverter.GetBytes)])];
        return new LabSet(
            "small", Metric.L2, ClusteredRows.Make(rows, Dimension, clusters: 5, seed: 7), Dimension,
            new VectorFile(TexmexFile.Parse(file, ElementType.Float32, "queries")), Folder: null);
    }
}
