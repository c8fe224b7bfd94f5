using AnnServer.Benchmarks.Compare.Reports;

namespace AnnServer.Benchmarks.Tests;

public sealed class RecallCurveTests
{
    [Fact]
    public void CostAt_MeasuredRecall_IsItsCost()
    {
        RecallCurve curve = new([(0.90, 10), (0.95, 25), (0.99, 90)]);

        Assert.Equal(25, curve.CostAt(0.95)!.Value, 1e-9);
    }

    [Fact]
    public void CostAt_BetweenTwo_InterpolatesTheLogarithm()
    {
        RecallCurve curve = new([(0.90, 10), (0.98, 160)]);

        // Half the way in recall is half the way from log 10 to log 160, a quarter is a quarter.
        Assert.Equal(40, curve.CostAt(0.94)!.Value, 1e-9);
        Assert.Equal(20, curve.CostAt(0.92)!.Value, 1e-9);
    }

    [Fact]
    public void CostAt_MoreThanWasReached_IsNull()
    {
        Assert.Null(new RecallCurve([(0.90, 10), (0.98, 160)]).CostAt(0.99));
        Assert.Null(new RecallCurve([]).CostAt(0.5));
    }

    [Fact]
    public void CostAt_LessThanTheCheapestFinds_IsItsCostAsABound()
    {
        RecallCurve curve = new([(0.96, 30), (0.99, 60)]);

        Assert.Equal(30, curve.CostAt(0.95));
        Assert.True(curve.StartsAbove(0.95));
        Assert.False(curve.StartsAbove(0.96));
        Assert.False(curve.StartsAbove(0.97));
    }

    [Fact]
    public void CostAt_PointThatCostsMoreAndFindsLess_IsLeftOut()
    {
        RecallCurve curve = new([(0.90, 10), (0.88, 20), (0.98, 160)]);

        Assert.Equal(40, curve.CostAt(0.94)!.Value, 1e-9);
    }
}
