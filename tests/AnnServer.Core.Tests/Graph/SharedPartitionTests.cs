using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

/// <summary>Queries that search by parts together find what comparing with all finds, as far as each of them goes.</summary>
public sealed class SharedPartitionTests
{
    private const int Points = 3000;
    private const int Dimension = 24;
    private const int K = 10;
    private const float Everything = 1e6f;

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeCosine)]
    public void SearchPartitionsShared_AsFarAsItGoes_FindsWhatComparingWithAllDoes(DistanceKind kind)
    {
        var source = new ClusteredVectors(Dimension, 81);
        using TestIndex index = TestIndex.Divided(source.Next(Points), kind);
        foreach (int every in (int[])[1, 2, 9, 120, Points])
        {
            OrdinalBitmap accept = index.Bitmap(ordinal => ordinal % every == 5 % every);
            foreach (int count in (int[])[1, 2, 3, 16, 17, 70])
            {
                AssertAsComparedWithAll(index, Queries(source.Next(count), Everything), accept);
            }
        }

        AssertAsComparedWithAll(index, Queries(source.Next(VectorIndex.MaxSharedByParts), Everything), index.Bitmap(static ordinal => ordinal % 3 == 0));
        AssertAsComparedWithAll(index, Queries(source.Next(20), Everything), index.Bitmap(static _ => false));
    }

    [Fact]
    public void SearchPartitionsShared_QueriesThatWantDifferentThings_EachGetsItsOwn()
    {
        var source = new ClusteredVectors(Dimension, 82);
        using TestIndex index = TestIndex.Divided(source.Next(Points), DistanceKind.SquaredEuclidean);
        SharedQuery[] queries =
            [.. source.Next(40).Select(static (vector, i) => new SharedQuery(vector, new SearchEffort(1 + (i * 3), 20 + (i * 4), Slack: Everything)))];
        AssertAsComparedWithAll(index, queries, index.Bitmap(static ordinal => ordinal % 2 == 0));
    }

    [Fact]
    public void SearchPartitionsShared_SlotsUsedAgainAndPointsAdded_FindsThemAndNoneTwice()
    {
        var source = new ClusteredVectors(Dimension, 83);
        using TestIndex index = TestIndex.Divided(source.Next(Points), DistanceKind.SquaredEuclidean);
        foreach (uint ordinal in index.Points.Keys.Where(static ordinal => ordinal % 7 == 1).ToList())
        {
            index.Hide(ordinal);
        }

        index.Sweep();
        foreach (float[] vector in source.Next(600))
        {
            index.Insert(vector);
        }

        AssertAsComparedWithAll(
            index, Queries(source.Next(50), Everything), index.Bitmap(ordinal => index.Points.ContainsKey(ordinal) && ordinal % 3 != 0));
    }

    [Fact]
    public void SearchPartitionsShared_AtOneSlack_MissesNoMoreThanAloneAndComparesWithFew()
    {
        var source = new ClusteredVectors(Dimension, 84);
        using TestIndex index = TestIndex.Divided(source.Next(Points), DistanceKind.SquaredEuclidean);
        float[][] vectors = source.Next(200);
        using ScratchPool.Scope scope = index.Scratches.Rent();
        foreach (int every in (int[])[2, 10])
        {
            OrdinalBitmap accept = index.Bitmap(ordinal => ordinal % every == 0);
            PartitionedMatches matches = index.Index.Arrange(accept)!;
            SharedQuery[] queries = [.. Queries(vectors, 0.7f).Select(query => query with { Effort = query.Effort with { Share = 1f / every } })];
            HashSet<uint>[] nearest =
            [
                .. vectors.Select(vector => Oracle
                    .Nearest(DistanceKind.SquaredEuclidean, index.Points.Where(pair => pair.Key % every == 0), vector, K)
                    .Select(static near => near.Ordinal).ToHashSet()),
            ];
            int alone = 0;
            for (int i = 0; i < queries.Length; i++)
            {
                Assert.True(index.Index.SearchPartitions(
                    queries[i].Vector.Span, queries[i].Effort, accept, matches, scope.Scratch, CancellationToken.None));
                alone += Results(scope.Scratch).Count(nearest[i].Contains);
            }

            long everywhere = Visited(index, [.. Queries(vectors, Everything)], matches);
            scope.Scratch.ResetCounters();
            index.Index.SearchPartitionsShared(queries, matches, scope.Scratch, CancellationToken.None);
            int together = 0;
            for (int i = 0; i < queries.Length; i++)
            {
                index.Index.SelectShared(i, queries[i], true, scope.Scratch);
                together += Results(scope.Scratch).Count(nearest[i].Contains);
            }

            Assert.True(together >= 0.95 * K * queries.Length, $"{together} found of {K * queries.Length}.");
            Assert.True(together >= 0.99 * alone, $"{together} found together, {alone} alone.");
            Assert.InRange(scope.Scratch.Expansions, queries.Length, 0.8 * everywhere);
        }
    }

    [Fact]
    public void SearchPartitionsShared_ElementsWhoseSquaresAreInfinite_LooksEverywhere()
    {
        float[][] vectors = [.. Enumerable.Range(0, Points).Select(static i => Enumerable.Repeat(i % 5 == 0 ? 1e30f : i, 8).ToArray())];
        using TestIndex index = TestIndex.Divided(vectors);
        AssertAsComparedWithAll(index, Queries([.. vectors[..20].Where(static (_, i) => i % 5 != 0)], Everything), index.Bitmap(static ordinal => ordinal % 5 != 0));
    }

    [Fact]
    public void SearchPartitionsShared_Cancelled_Throws()
    {
        var source = new ClusteredVectors(Dimension, 86);
        using TestIndex index = TestIndex.Divided(source.Next(Points), DistanceKind.SquaredEuclidean);
        PartitionedMatches matches = index.Index.Arrange(index.Bitmap(static _ => true))!;
        using ScratchPool.Scope scope = index.Scratches.Rent();
        Assert.Throws<OperationCanceledException>(() => index.Index.SearchPartitionsShared(
            Queries(source.Next(2), Everything), matches, scope.Scratch, new CancellationToken(true)));
    }

    [Fact]
    public void SearchPartitionsShared_AfterWarmUp_AllocatesNothing()
    {
        var source = new ClusteredVectors(Dimension, 87);
        using TestIndex index = TestIndex.Divided(source.Next(Points), DistanceKind.SquaredEuclidean);
        SharedQuery[] queries = Queries(source.Next(60), 0.8f);
        PartitionedMatches matches = index.Index.Arrange(index.Bitmap(static ordinal => ordinal % 2 == 0))!;
        using ScratchPool.Scope scope = index.Scratches.Rent();
        Search();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Search();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Search()
        {
            index.Index.SearchPartitionsShared(queries, matches, scope.Scratch, CancellationToken.None);
            for (int i = 0; i < queries.Length; i++)
            {
                index.Index.SelectShared(i, queries[i], true, scope.Scratch);
            }
        }
    }

    // Parts that all of them look in.
    private static long Visited(TestIndex index, SharedQuery[] queries, PartitionedMatches matches)
    {
        using ScratchPool.Scope scope = index.Scratches.Rent();
        index.Index.SearchPartitionsShared(queries, matches, scope.Scratch, CancellationToken.None);
        for (int i = 0; i < queries.Length; i++)
        {
            index.Index.SelectShared(i, queries[i], true, scope.Scratch);
        }

        return scope.Scratch.Expansions;
    }

    private static SharedQuery[] Queries(float[][] vectors, float slack) =>
        [.. vectors.Select(vector => new SharedQuery(vector, new SearchEffort(K, 40, Slack: slack)))];

    // The distances, where equal codes leave a choice of members.
    private static void AssertAsComparedWithAll(TestIndex index, SharedQuery[] queries, OrdinalBitmap accept)
    {
        using ScratchPool.Scope shared = index.Scratches.Rent();
        using ScratchPool.Scope alone = index.Scratches.Rent();
        index.Index.SearchPartitionsShared(queries, index.Index.Arrange(accept)!, shared.Scratch, CancellationToken.None);
        int matching = accept.Count();
        for (int i = 0; i < queries.Length; i++)
        {
            int k = queries[i].Effort.K;
            index.Index.SearchCodes(queries[i].Vector.Span, queries[i].Effort, accept, alone.Scratch, CancellationToken.None);
            index.Index.SelectShared(i, queries[i], true, shared.Scratch);
            uint[] found = [.. Enumerable.Range(0, Math.Min(k, shared.Scratch.ResultCount)).Select(at => shared.Scratch.Result(at).Ordinal)];
            Assert.Equal(Math.Min(k, matching), found.Length);
            Assert.Equal(found.Length, found.Distinct().Count());
            Assert.All(found, ordinal => Assert.True(accept.Contains(ordinal)));
            Assert.Equal(Distances(alone.Scratch).Take(k), Distances(shared.Scratch).Take(k));
        }
    }

    private static IEnumerable<uint> Results(SearchScratch scratch) =>
        Enumerable.Range(0, Math.Min(K, scratch.ResultCount)).Select(i => scratch.Result(i).Ordinal);

    private static IEnumerable<float> Distances(SearchScratch scratch) =>
        [.. Enumerable.Range(0, scratch.ResultCount).Select(i => scratch.Result(i).Distance)];
}
