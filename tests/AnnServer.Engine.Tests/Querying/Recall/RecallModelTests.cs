using AnnServer.Core.Graph;
using AnnServer.Engine.Querying.Recall;

namespace AnnServer.Engine.Tests.Querying.Recall;

public sealed class RecallModelTests
{
    [Fact]
    public void Curve_BetweenMeasurements_IsInterpolated()
    {
        var curve = new RecallCurve([new(1, 0.8, 100, 10), new(2, 0.9, 400, 40), new(3, 0.85, 500, 50), new(4, 1, 1600, 160)]);

        Assert.True(curve.TryReach(0.5, out RecallPoint point));
        Assert.Equal(new RecallPoint(1, 0.8, 100, 10), point);
        Assert.True(curve.TryReach(0.85, out point));
        Assert.Equal(1.5, point.Effort, 1e-9);
        Assert.Equal(200, point.Distances, 1e-6);
        Assert.True(curve.TryReach(0.9, out point));
        Assert.Equal(2, point.Effort, 1e-9);
        // The third found less than the second, which cannot be.
        Assert.True(curve.TryReach(0.95, out point));
        Assert.Equal(3.5, point.Effort, 1e-9);
        Assert.True(curve.TryReach(1, out _));
    }

    [Fact]
    public void LeastMicroseconds_OfAnyWalkAlone_TakesMoreThanThat()
    {
        RecallModel.Regime Regime(WalkKind walk, double share, double microseconds) => new(
            walk, share, [(10, new RecallCurve([new(1, 0.9, 700, microseconds), new(1.1, 0.99, 1400, 2 * microseconds)]))]);
        var model = new RecallModel(
            1000,
            0,
            new ScanCosts(0.01, 0.001, 0.001, Together: 0.5, Lookers: 8),
            [Regime(WalkKind.Through, 1, 80), Regime(WalkKind.Through, 0.5, 100), Regime(WalkKind.Within, 0.5, 250), Regime(WalkKind.Within, 0.1, 70)]);
        Assert.Equal(0.5 * 70, model.LeastMicroseconds, 1e-9);
        foreach (WalkKind walk in Enum.GetValues<WalkKind>())
        {
            foreach (double share in (double[])[1, 0.7, 0.3, 0.1, 0.01, 0.0001])
            {
                foreach (double recall in (double[])[0.1, 0.9, 0.95, 0.99])
                {
                    Assert.True(!model.TryReach(walk, share, 10, recall, out RecallPoint point) || point.Microseconds >= model.LeastMicroseconds);
                }
            }
        }

        Assert.Equal(double.PositiveInfinity, new RecallModel(1000, 0, new ScanCosts(1, 1, 1), []).LeastMicroseconds);
    }

    [Fact]
    public void Times_ARegime_TakesSoManyTimesAsLongAndFindsTheSame()
    {
        var regime = new RecallModel.Regime(
            WalkKind.Within, 0.5, [(1, new RecallCurve([new(1, 0.8, 50, 4)])), (10, new RecallCurve([new(1, 0.8, 100, 10), new(2, 1, 400, 40, 7)]))]);

        Assert.True(regime.TryReach(10, 0.9, out RecallPoint before));
        Assert.True(regime.Times(3).TryReach(10, 0.9, out RecallPoint after));
        Assert.Equal(3 * before.Microseconds, after.Microseconds, 1e-9);
        Assert.Equal(before, after with { Microseconds = before.Microseconds });
        Assert.True(regime.Times(0.5).TryReach(1, 0.5, out after));
        Assert.Equal(2, after.Microseconds, 1e-9);
    }

    [Fact]
    public void Curve_BeyondWhatWasReached_IsFalse()
    {
        Assert.False(new RecallCurve([new(1, 0.8, 100, 10), new(2, 0.9, 400, 40)]).TryReach(0.91, out _));
    }

    [Fact]
    public void Model_BetweenSharesAndResults_IsInterpolatedInLogarithms()
    {
        RecallModel model = Model();

        Assert.True(model.TryReach(WalkKind.Through, 1, 10, 0.9, out RecallPoint point));
        Assert.Equal(1, point.Effort, 1e-9);
        Assert.True(model.TryReach(WalkKind.Through, 0.1, 10, 0.9, out point));
        Assert.Equal(1.5, point.Effort, 1e-9);
        Assert.Equal(Math.Sqrt(100 * 300), point.Distances, 1e-6);
        Assert.True(model.TryReach(WalkKind.Through, 1, 100, 0.9, out point));
        Assert.Equal(3, point.Effort, 1e-9);
        Assert.True(model.TryReach(WalkKind.Through, 1, (int)Math.Round(Math.Sqrt(1000)), 0.9, out point));
        Assert.Equal(2, point.Effort, 0.02);
        Assert.True(model.TryReach(WalkKind.Through, 1, 1, 0.9, out point));
        Assert.Equal(1, point.Effort, 1e-9);
        Assert.True(model.TryReach(WalkKind.Through, 1, 5000, 0.9, out point));
        Assert.Equal(3, point.Effort, 1e-9);
    }

    [Fact]
    public void Model_SparserThanMeasured_ExtrapolatesWalksThroughAllNodesOnly()
    {
        RecallModel model = Model();

        Assert.True(model.TryReach(WalkKind.Through, 0.001, 10, 0.9, out RecallPoint point));
        Assert.Equal(2, point.Effort, 1e-9);
        Assert.Equal(3000, point.Distances, 1e-6);
        Assert.True(model.TryReach(WalkKind.Within, 0.1, 10, 0.9, out _));
        Assert.False(model.TryReach(WalkKind.Within, 0.001, 10, 0.9, out _));
    }

    [Theory]
    [InlineData(1000, 0, false)]
    [InlineData(1399, 255, false)]
    [InlineData(1401, 0, true)]
    [InlineData(715, 0, false)]
    [InlineData(700, 0, true)]
    [InlineData(1000, 256, true)]
    public void IsStale_GrownShrunkOrMoreQueries_IsTrue(int live, int queries, bool isStale) =>
        Assert.Equal(isStale, Model().IsStale(live, queries));

    [Theory]
    [InlineData(256, 1023, false)]
    [InlineData(256, 1024, true)]
    [InlineData(700, 1023, false)]
    [InlineData(700, 1024, true)]
    [InlineData(1024, 1024, false)]
    public void IsStale_MeasuredWithQueries_WaitsForMore(int before, int now, bool isStale) =>
        Assert.Equal(isStale, new RecallModel(1000, before, new ScanCosts(0.01, 0.001, 0.001), []).IsStale(1000, now));

    [Fact]
    public void Aim_GrownSet_IsHigherAndExpectsWhatWasAskedFor()
    {
        RecallModel model = Model();
        Assert.Equal(0.9, model.Aim(0.9, 1000));
        Assert.Equal(0.9, model.Aim(0.9, 500));
        // A third less may be missed in a set four times as large.
        Assert.Equal(1 - (0.1 / Math.Pow(4, 0.3)), model.Aim(0.9, 4000), 1e-12);
        Assert.Equal(0.9, model.Expect(model.Aim(0.9, 4000), 4000), 1e-12);
        Assert.Equal(0.9, model.Expect(0.9, 500));
    }

    [Fact]
    public void IsStale_SearchesOfAnotherMillion_IsTrue()
    {
        using VectorIndex index = VectorIndex.Create(new GraphParameters(4, DistanceKind.SquaredEuclidean, 4, 8, 1, 16));
        var state = new RecallState(index);
        Fill(state, 9 * QuerySample.Capacity);
        Assert.True(state.IsStale(1000));
        state.Measured(new RecallModel(1000, QuerySample.Capacity, new ScanCosts(0.01, 0.001, 0.001), []), state.Queries.Turns);
        Assert.False(state.IsStale(1000));
        Fill(state, 8 * 99 * QuerySample.Capacity);
        Assert.False(state.IsStale(1000));
        Fill(state, 8 * QuerySample.Capacity);
        Assert.True(state.IsStale(1000));

        static void Fill(RecallState state, int searches)
        {
            for (int i = 0; i < searches; i++)
            {
                state.Queries.Offer([i]);
            }
        }
    }

    [Fact]
    public void Sample_Full_KeepsTheNewestOfSomeAndNoMore()
    {
        var sample = new QuerySample();
        for (int i = 0; i < QuerySample.Capacity; i++)
        {
            sample.Offer([i]);
            Assert.Equal(i + 1, sample.Count);
        }

        for (int i = 0; i < 8 * QuerySample.Capacity; i++)
        {
            sample.Offer([-1]);
        }

        Assert.Equal(QuerySample.Capacity, sample.Count);
        Assert.All(sample.Take(), vector => Assert.Equal([-1f], vector));
    }

    private static RecallModel Model() => new(1000, 0, new ScanCosts(0.01, 0.001, 0.001),
    [
        Regime(WalkKind.Through, 1, 1, 3, 100), Regime(WalkKind.Through, 0.01, 2, 4, 300), Regime(WalkKind.Within, 0.01, 2, 4, 300),
    ]);

    private static RecallModel.Regime Regime(WalkKind walk, double share, double effort, double effortOf100, double distances) =>
        new(walk, share, [(10, new RecallCurve([new(effort, 0.9, distances, 1)])), (100, new RecallCurve([new(effortOf100, 0.9, distances, 1)]))]);
}
