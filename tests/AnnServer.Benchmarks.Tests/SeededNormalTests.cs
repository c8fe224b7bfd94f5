using AnnServer.Benchmarks.Compare.Data;

namespace AnnServer.Benchmarks.Tests;

public sealed class SeededNormalTests
{
    private const int Count = 200_000;

    [Fact]
    public void NextNormal_ManyOfOneStream_HaveTheMomentsOfANormalDistribution()
    {
        SeededNormal random = new(seed: 1, stream: 2);
        double[] values = [.. Enumerable.Range(0, Count).Select(_ => (double)random.NextNormal())];

        CheckMoments(values);
    }

    [Fact]
    public void NextNormal_FirstOfManyStreams_HaveTheMomentsOfANormalDistribution()
    {
        CheckMoments([.. Enumerable.Range(0, Count).Select(stream => (double)new SeededNormal(seed: 1, (ulong)stream).NextNormal())]);
    }

    // Five deviations of each estimate: mean 1/n, variance 2/n, kurtosis 96/n.
    private static void CheckMoments(double[] values)
    {
        Assert.Equal(0, values.Average(), 5 * Math.Sqrt(1.0 / Count));
        Assert.Equal(1, values.Average(x => x * x), 5 * Math.Sqrt(2.0 / Count));
        Assert.Equal(3, values.Average(x => x * x * x * x), 5 * Math.Sqrt(96.0 / Count));
    }
}
