using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

/// <summary>Searches for what is within a radius, up to a limit.</summary>
public sealed class RangeSearchTests(SearchTests.Built built) : IClassFixture<SearchTests.Built>
{
    private const int Ef = 64;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<DistanceKind, int, bool, float> Cases => new(
        from kind in Enum.GetValues<DistanceKind>()
        from every in (int[])[1, 2, 7]
        from within in (bool[])[false, true]
        from slack in (float[])[float.PositiveInfinity, 1.1f]
        where every > 1 || !within
        select (kind, every, within, slack));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Search_Radius_FindsWhatIsWithinForWhatThatTakes(DistanceKind kind, int every, bool within, float slack)
    {
        TestIndex index = built.Of(kind);
        OrdinalBitmap? accept = every == 1 ? null : index.Bitmap(ordinal => ordinal % every == 0);
        var distances = new Dictionary<int, long>();
        foreach (int count in (int[])[4, 120])
        {
            int found = 0;
            foreach (float[] query in built.Queries)
            {
                float radius = Radius(index, query, count, accept);
                var effort = new SearchEffort(10, Ef, Slack: slack, Within: within) { RangeLimit = 600, Radius = radius, Beside = Ef };
                using ScratchPool.Scope scope = index.Scratches.Rent();
                Assert.True(index.Index.Search(query, effort, accept, scope.Scratch, Cancellation));
                found += CountWithin(scope.Scratch, radius);
                distances[count] = distances.GetValueOrDefault(count) + scope.Scratch.DistanceComputations;
            }

            // As a walk for so many, which finds less under the inner product.
            Assert.InRange(found / (double)(count * built.Queries.Length), kind == DistanceKind.NegativeDot ? 0.88 : 0.95, 1);
        }

        Assert.True(2 * distances[4] < 3 * distances[120], $"{distances[4]} distances for 4, {distances[120]} for 120");
    }

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeCosine)]
    [InlineData(DistanceKind.NegativeDot)]
    public void Search_MoreWithinThanTheLimit_FindsTheNearestOfThem(DistanceKind kind)
    {
        TestIndex index = built.Of(kind);
        int found = 0;
        foreach (float[] query in built.Queries)
        {
            double bound = Oracle.Nearest(kind, index.Points, query, 20)[^1].Distance + 1e-5;
            var effort = new SearchEffort(10, Ef) { RangeLimit = 20, Radius = Radius(index, query, 300, null), Beside = Ef };
            using ScratchPool.Scope scope = index.Scratches.Rent();
            Assert.True(index.Index.Search(query, effort, null, scope.Scratch, Cancellation));
            found += Enumerable.Range(0, 20).Count(i => scope.Scratch.Result(i).Distance <= bound);
        }

        Assert.InRange(found / (20.0 * built.Queries.Length), 0.95, 1);
    }

    [Theory]
    [InlineData(CodeKind.None)]
    [InlineData(CodeKind.Int8)]
    [InlineData(CodeKind.Int4)]
    public void Search_RadiusWithHiddenNodes_FindsTheLiveOnesOnWalkAndScan(CodeKind codes)
    {
        var source = new ClusteredVectors(32, 5);
        using TestIndex index = TestIndex.Build(source.Next(1500), codes: codes);
        foreach (uint ordinal in index.Points.Keys.Where(ordinal => ordinal % 10 == 3).ToArray())
        {
            index.Hide(ordinal);
        }

        (int walked, int wanted) = (0, 0);
        foreach (float[] query in source.Next(40))
        {
            foreach ((int count, int limit) in ((int, int)[])[(30, 100), (30, 30), (200, 25)])
            {
                float radius = Radius(index, query, count, null);
                var effort = new SearchEffort(10, Ef) { RangeLimit = limit, Radius = radius, Beside = Ef };
                using ScratchPool.Scope scope = index.Scratches.Rent();
                Assert.True(index.Index.Search(query, effort, null, scope.Scratch, Cancellation));
                Assert.All(Enumerable.Range(0, scope.Scratch.ResultCount), i => Assert.Contains(scope.Scratch.Result(i).Ordinal, index.Points.Keys));
                walked += Math.Min(limit, CountWithin(scope.Scratch, radius));
                wanted += Math.Min(limit, count);

                index.Index.SearchExact(query, effort, null, scope.Scratch, Cancellation);
                Assert.Equal(Math.Min(limit, count), scope.Scratch.ResultCount);
                index.Index.SearchCodes(query, effort, index.Bitmap(_ => true), scope.Scratch, Cancellation);
                Assert.InRange(CountWithin(scope.Scratch, radius), Math.Min(limit, count) - (codes == CodeKind.Int4 ? 2 : 0), int.MaxValue);
            }
        }

        Assert.InRange(walked / (double)wanted, 0.95, 1);
    }

    [Fact]
    public void Compare_Ordinals_GivesTheDistancesOfTheOracle()
    {
        foreach (DistanceKind kind in Enum.GetValues<DistanceKind>())
        {
            TestIndex index = built.Of(kind);
            using ScratchPool.Scope scope = index.Scratches.Rent();
            foreach (int count in (int[])[0, 1, 4, 7, 64])
            {
                uint[] ordinals = [.. index.Points.Keys.Where(ordinal => ordinal % 13 == 5).Take(count)];
                float[] distances = new float[count];
                index.Index.Compare(built.Queries[count], ordinals, distances, scope.Scratch);
                Assert.All(ordinals.Zip(distances), pair => Assert.Equal(
                    Oracle.Distance(kind, built.Queries[count], index.Points[pair.First]), pair.Second, 1e-3));
            }

            Assert.Throws<ArgumentOutOfRangeException>(() => index.Index.Compare(built.Queries[0], [1, 2], new float[1], scope.Scratch));
        }
    }

    // Between the distances of the last within and the next.
    private static float Radius(TestIndex index, float[] query, int count, OrdinalBitmap? accept)
    {
        List<(double Distance, uint Ordinal)> nearest = Oracle.Nearest(
            index.Index.Parameters.Distance, index.Points.Where(point => accept?.Contains(point.Key) ?? true), query, count + 1);
        return (float)((nearest[count - 1].Distance + nearest[count].Distance) / 2);
    }

    private static int CountWithin(SearchScratch scratch, float radius) =>
        Enumerable.Range(0, scratch.ResultCount).Count(i => scratch.Result(i).Distance < radius);
}
