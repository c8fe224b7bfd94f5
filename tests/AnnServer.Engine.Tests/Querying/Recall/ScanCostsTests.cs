using AnnServer.Engine.Querying.Recall;

namespace AnnServer.Engine.Tests.Querying.Recall;

public sealed class ScanCostsTests
{
    /// <summary>By the power of how much less matches, down to a two hundredth; no less than its price where more does.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    public void CompareAt_Sparser_TakesMore(double sparser)
    {
        var costs = new ScanCosts(0.01, 0.001, 0.001, sparser);

        Assert.Equal(0.01, costs.CompareAt(1), 1e-9);
        Assert.Equal(0.01, costs.CompareAt(ScanCosts.DenseShare), 1e-9);
        Assert.Equal(0.01 * Math.Pow(10, sparser), costs.CompareAt(ScanCosts.DenseShare / 10), 1e-9);
        Assert.Equal(0.01 * Math.Pow(40, sparser), costs.CompareAt(0), 1e-9);
    }

    [Fact]
    public void TogetherWith_MoreLookers_TakesLess()
    {
        var costs = new ScanCosts(1, 1, 1, Together: 0.4, Lookers: 10);
        Assert.Equal(1, costs.TogetherWith(0.1));
        Assert.Equal(1, costs.TogetherWith(1));
        Assert.Equal(0.4, costs.TogetherWith(10), 1e-9);
        Assert.Equal(0.4, costs.TogetherWith(100), 1e-9);
        double[] shares = [.. ((double[])[1, 1.5, 2, 4, 8, 10]).Select(costs.TogetherWith)];
        Assert.Equal(shares.OrderDescending(), shares);
        Assert.Equal(1, new ScanCosts(1, 1, 1).TogetherWith(50));
    }
}
