using AnnServer.Benchmarks.Compare.Data;

namespace AnnServer.Benchmarks.Tests;

public sealed class ManifoldGeneratorTests
{
    private static readonly ManifoldSpec Spec = new("test", Rows: 400, Dimension: 20, Metric: "l2") { Clusters = 8, MinRank = 3, MaxRank = 5 };

    [Fact]
    public void Fill_Twice_MakesTheSameRows()
    {
        Assert.Equal(Rows(Spec, 0, 400), Rows(Spec, 0, 400));
    }

    [Fact]
    public void Fill_FromTheMiddle_MakesTheRowsOfTheWhole()
    {
        Assert.Equal(Rows(Spec, 0, 400)[(150 * 20)..(300 * 20)], Rows(Spec, 150, 150));
    }

    [Fact]
    public void Fill_OtherSeed_MakesOtherRows()
    {
        Assert.NotEqual(Rows(Spec, 0, 400), Rows(Spec with { Seed = 43 }, 0, 400));
    }

    [Fact]
    public void Fill_AllRows_AreDistinct()
    {
        float[] rows = Rows(Spec, 0, 400);

        Assert.Equal(400, Enumerable.Range(0, 400).Select(i => string.Join(' ', rows[(i * 20)..((i + 1) * 20)])).Distinct().Count());
    }

    [Fact]
    public void Fill_Cosine_HasUnitLength()
    {
        float[] rows = Rows(Spec with { Metric = "cosine" }, 0, 400);

        for (int i = 0; i < 400; i++)
            Assert.Equal(1, Math.Sqrt(rows[(i * 20)..((i + 1) * 20)].Sum(x => (double)x * x)), 1e-5);
    }

    [Fact]
    public void Fill_Clusters_AreCloserWithinThanBetween()
    {
        float[] rows = Rows(Spec with { Zipf = 0, Spread = 0.05 }, 0, 400);
        double[] nearest = [.. Enumerable.Range(0, 400).Select(i => Enumerable.Range(0, 400).Where(j => j != i).Min(j => Distance(rows, i, j)))];
        double[] farthest = [.. Enumerable.Range(0, 400).Select(i => Enumerable.Range(0, 400).Max(j => Distance(rows, i, j)))];

        // 50 neighbours within a spread of a twentieth of the distance of centres: far from what 400 even points would show.
        Assert.True(nearest.Average() < 0.1 * farthest.Average(), $"{nearest.Average()} against {farthest.Average()}");
    }

    private static float[] Rows(ManifoldSpec spec, int first, int count)
    {
        float[] rows = new float[count * spec.Dimension];
        new ManifoldGenerator(spec).Fill(first, rows);
        return rows;
    }

    private static double Distance(float[] rows, int a, int b) =>
        Math.Sqrt(Enumerable.Range(0, 20).Sum(i => Math.Pow(rows[(a * 20) + i] - rows[(b * 20) + i], 2)));
}
