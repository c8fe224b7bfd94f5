using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

public sealed class SearchTests : IClassFixture<SearchTests.Built>
{
    private const int Count = 3_000;

    private readonly Built _built;

    public SearchTests(Built built) => _built = built;

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean, 0.97)]
    [InlineData(DistanceKind.NegativeCosine, 0.97)]
    public void Search_ClusteredVectors_RecallsAboveTheFloorOverASoundGraph(DistanceKind kind, double floor)
    {
        TestIndex index = _built.Of(kind);
        index.AssertSound();
        Assert.InRange(index.Recall(_built.Queries, 128), floor, 1);
        Assert.InRange(index.Recall(_built.Queries, 16), 0.75, 1);
    }

    /// <summary>
    /// The inner product is no metric: short vectors are nearest to nobody, themselves included, and the few long ones that they
    /// would link to have no room for all. Some stay unreachable; they are seldom among the greatest products.
    /// </summary>
    [Fact]
    public void Search_ClusteredVectorsByInnerProduct_RecallsAboveTheFloorThoughShortVectorsMayBeLost()
    {
        TestIndex index = _built.Of(DistanceKind.NegativeDot);
        Assert.Empty(GraphAudit.FindFaults(index.Index));
        Assert.InRange(GraphAudit.FindUnreachable(index.Index).Count, 0, Count / 10);
        Assert.InRange(index.Recall(_built.Queries, 128), 0.95, 1);
        Assert.InRange(index.Recall(_built.Queries, 16), 0.75, 1);
    }

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeCosine)]
    [InlineData(DistanceKind.NegativeDot)]
    public void Search_AnyQuery_GivesDistinctHitsInOrderWithTheirDistances(DistanceKind kind)
    {
        TestIndex index = _built.Of(kind);
        foreach (float[] query in _built.Queries)
        {
            List<Candidate> hits = index.Search(query, 50, 10);
            Assert.Equal(50, hits.Count);
            Assert.Equal(50, hits.Select(hit => hit.Ordinal).Distinct().Count());
            for (int i = 0; i < hits.Count; i++)
            {
                Assert.Equal(Oracle.Distance(kind, query, index.Points[hits[i].Ordinal]), hits[i].Distance, 1e-3);
                Assert.True(i == 0 || hits[i - 1].Distance <= hits[i].Distance);
            }
        }
    }

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeCosine)]
    [InlineData(DistanceKind.NegativeDot)]
    public void SearchExact_ClusteredVectors_EqualsBruteForce(DistanceKind kind)
    {
        TestIndex index = _built.Of(kind);
        foreach (float[] query in _built.Queries.Take(20))
        {
            List<(double Distance, uint Ordinal)> truth = Oracle.Nearest(kind, index.Points, query, 25);
            List<Candidate> hits = index.SearchExact(query, 25);
            Assert.Equal(truth.Count, hits.Count);
            for (int i = 0; i < hits.Count; i++)
            {
                // Where single precision cannot tell two points apart, either may come first.
                Assert.Equal(truth[i].Distance, hits[i].Distance, 1e-3);
                Assert.Equal(truth[i].Distance, Oracle.Distance(kind, query, index.Points[hits[i].Ordinal]), 1e-4);
            }
        }
    }

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeDot)]
    public void SearchExact_IntegerVectorsWithTies_EqualsBruteForceToTheLastOrdinal(DistanceKind kind)
    {
        var random = new Random(11);
        using var index = TestIndex.Build(IntegerVectors(random, 500), kind, m: 4);
        foreach (uint ordinal in index.Points.Keys.Where(ordinal => ordinal % 7 == 0).ToList())
        {
            index.Hide(ordinal);
        }

        foreach (float[] query in IntegerVectors(random, 20))
        {
            Assert.Equal(
                Oracle.Nearest(kind, index.Points, query, 40).Select(hit => new Candidate((float)hit.Distance, hit.Ordinal)),
                index.SearchExact(query, 40));
            OrdinalBitmap even = index.Bitmap(ordinal => ordinal % 2 == 0);
            Assert.Equal(
                Oracle.Nearest(kind, index.Points.Where(point => point.Key % 2 == 0), query, 1000).Select(hit => hit.Ordinal),
                index.SearchExact(query, 1000, even).Select(hit => hit.Ordinal));
        }
    }

    [Theory]
    [InlineData(2, 0.97)]
    [InlineData(10, 0.97)]
    [InlineData(100, 0.97)]
    public void Search_Filtered_GivesOnlyAcceptedPointsAndKeepsRecall(int oneIn, double floor)
    {
        TestIndex index = _built.Of(DistanceKind.SquaredEuclidean);
        bool Accepts(uint ordinal) => Scatter(ordinal) % (uint)oneIn == 0;
        OrdinalBitmap accept = index.Bitmap(Accepts);
        int matching = accept.Count();
        foreach (float[] query in _built.Queries)
        {
            List<Candidate> hits = index.Search(query, 20, 64, accept);
            Assert.Equal(Math.Min(20, matching), hits.Count);
            Assert.All(hits, hit => Assert.True(Accepts(hit.Ordinal)));
        }

        Assert.InRange(index.Recall(_built.Queries, 64, Accepts), floor, 1);
    }

    [Fact]
    public void Search_FilterOfFewerThanK_GivesThemAll()
    {
        TestIndex index = _built.Of(DistanceKind.SquaredEuclidean);
        OrdinalBitmap accept = index.Bitmap(ordinal => ordinal is 5 or 1_500 or 2_999);
        Assert.Equal(
            [5u, 1_500u, 2_999u],
            index.Search(_built.Queries[0], 10, 64, accept).Select(hit => hit.Ordinal).Order());
        Assert.Empty(index.Search(_built.Queries[0], 10, 64, index.Bitmap(_ => false)));
        Assert.Empty(index.SearchExact(_built.Queries[0], 10, index.Bitmap(_ => false)));
    }

    [Fact]
    public void Search_FilteredWalkBeyondItsBudget_IsGivenUp()
    {
        TestIndex index = _built.Of(DistanceKind.SquaredEuclidean);
        OrdinalBitmap accept = index.Bitmap(ordinal => ordinal == 7);
        using ScratchPool.Scope scope = index.Scratches.Rent();
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Assert.False(index.Index.Search(_built.Queries[0], new SearchEffort(10, 64, 200), accept, scope.Scratch, cancellation));

        // One hop may overshoot, no more.
        Assert.InRange(scope.Scratch.DistanceComputations, 200, 200 + 400);
        Assert.True(index.Index.Search(_built.Queries[0], new SearchEffort(10, 64, Count), accept, scope.Scratch, cancellation));
        Assert.Equal(1, scope.Scratch.ResultCount);
    }

    [Fact]
    public void Search_Cancelled_ThrowsAndLeavesTheScratchUsable()
    {
        TestIndex index = _built.Of(DistanceKind.SquaredEuclidean);
        OrdinalBitmap accept = index.Bitmap(ordinal => ordinal % 3 == 0);
        float[] query = _built.Queries[1];
        var cancelled = new CancellationToken(true);
        var effort = new SearchEffort(10, 500);
        List<Candidate> expected = index.Search(query, 10, 500);
        List<Candidate> expectedAccepted = index.Search(query, 10, 500, accept);
        using ScratchPool.Scope scope = index.Scratches.Rent();
        for (int round = 0; round < 3; round++)
        {
            Assert.Throws<OperationCanceledException>(() => index.Index.Search(query, effort, null, scope.Scratch, cancelled));
            AssertFinds(expected, null);
            Assert.Throws<OperationCanceledException>(() => index.Index.Search(query, effort, accept, scope.Scratch, cancelled));
            AssertFinds(expectedAccepted, accept);
            Assert.Throws<OperationCanceledException>(() => index.Index.SearchExact(query, 10, null, scope.Scratch, cancelled));
            AssertFinds(expected, null);
        }

        void AssertFinds(List<Candidate> hits, OrdinalBitmap? filter)
        {
            Assert.True(index.Index.Search(query, effort, filter, scope.Scratch, CancellationToken.None));
            for (int i = 0; i < hits.Count; i++)
            {
                Assert.Equal(hits[i], scope.Scratch.Result(i));
            }
        }
    }

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeCosine)]
    public void Search_AfterWarmUp_AllocatesNothing(DistanceKind kind)
    {
        TestIndex index = _built.Of(kind);
        OrdinalBitmap accept = index.Bitmap(ordinal => ordinal % 10 == 0);
        using ScratchPool.Scope scope = index.Scratches.Rent();
        void RunAll()
        {
            foreach (float[] query in _built.Queries)
            {
                index.Index.Search(query, new SearchEffort(10, 100), null, scope.Scratch, CancellationToken.None);
                index.Index.Search(query, new SearchEffort(10, 100), accept, scope.Scratch, CancellationToken.None);
                index.Index.SearchExact(query, 10, null, scope.Scratch, CancellationToken.None);
                index.Index.SearchExact(query, 10, accept, scope.Scratch, CancellationToken.None);
            }
        }

        RunAll();
        long before = GC.GetAllocatedBytesForCurrentThread();
        RunAll();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Rent_AfterWarmUp_AllocatesNothing()
    {
        var pool = new ScratchPool();
        pool.Rent().Dispose();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            using ScratchPool.Scope scope = pool.Rent();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static float[][] IntegerVectors(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (float[])[random.Next(-2, 3), random.Next(-2, 3), random.Next(-2, 3), random.Next(-2, 3)])];

    // Members spread over all clusters and ages.
    private static uint Scatter(uint ordinal) => (ordinal * 2_654_435_761u) >> 8;

    /// <summary>One index for each distance, built once and only read by the tests.</summary>
    public sealed class Built : IDisposable
    {
        private readonly Dictionary<DistanceKind, TestIndex> _indexes = [];

        public Built()
        {
            var source = new ClusteredVectors(32, 1);
            float[][] vectors = source.Next(Count);
            Queries = source.Next(100);
            foreach (DistanceKind kind in Enum.GetValues<DistanceKind>())
            {
                _indexes.Add(kind, TestIndex.Build(vectors, kind));
            }
        }

        internal float[][] Queries { get; }

        internal TestIndex Of(DistanceKind kind) => _indexes[kind];

        public void Dispose()
        {
            foreach (TestIndex index in _indexes.Values)
            {
                index.Dispose();
            }
        }
    }
}
