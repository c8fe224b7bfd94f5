using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

/// <summary>A search by parts sees every matching point once, whatever came and went since the points were divided.</summary>
public sealed class PartitionTests
{
    private const int Points = 3000;
    private const int Dimension = 24;
    private const float Everything = 1e6f;

    public static TheoryData<DistanceKind, bool> Kinds { get; } = new()
    {
        { DistanceKind.SquaredEuclidean, false },
        { DistanceKind.SquaredEuclidean, true },
        { DistanceKind.NegativeCosine, false },
        { DistanceKind.NegativeCosine, true },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void SearchPartitions_AsFarAsItGoes_FindsWhatComparingWithAllDoes(DistanceKind kind, bool arranged)
    {
        var source = new ClusteredVectors(Dimension, 71);
        using TestIndex index = TestIndex.Divided(source.Next(Points), kind);
        foreach (int every in (int[])[1, 2, 9, 120, Points + 1])
        {
            OrdinalBitmap accept = index.Bitmap(ordinal => ordinal % every == 5 % every);
            foreach (float[] query in source.Next(20))
            {
                AssertFindsAll(index, query, accept, arranged);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SearchPartitions_SlotsUsedAgainAndPointsAdded_FindsThemAndNoneTwice(bool arranged)
    {
        var source = new ClusteredVectors(Dimension, 72);
        using TestIndex index = TestIndex.Divided(source.Next(Points), DistanceKind.SquaredEuclidean);
        for (int round = 0; round < 4; round++)
        {
            foreach (uint ordinal in index.Points.Keys.Where(ordinal => ordinal % 7 == round).ToList())
            {
                index.Hide(ordinal);
            }

            index.Sweep();
            foreach (float[] vector in source.Next(600))
            {
                index.Insert(vector);
            }

            if (round == 2)
            {
                // Of the same centres: those that stay, stay where they are.
                Assert.True(index.Index.WantsPartitions);
                Assert.True(index.Index.Divide(index.Scratches, () => false, out _, CancellationToken.None));
                Assert.False(index.Index.WantsPartitions);
            }

            OrdinalBitmap accept = index.Bitmap(ordinal => index.Points.ContainsKey(ordinal) && ordinal % 3 != 0);
            foreach (float[] query in source.Next(20))
            {
                AssertFindsAll(index, query, accept, arranged);
            }
        }
    }

    [Fact]
    public void SearchPartitions_OverHalfOrTenthOrCorner_MissesLittleAtOneSlackAndComparesWithFew()
    {
        var source = new ClusteredVectors(Dimension, 73);
        using TestIndex index = TestIndex.Divided(source.Next(Points), DistanceKind.SquaredEuclidean);
        float[][] queries = source.Next(100);
        using ScratchPool.Scope scope = index.Scratches.Rent();
        foreach (Func<uint, bool> filter in (Func<uint, bool>[])[static ordinal => ordinal % 2 == 0, static ordinal => ordinal % 10 == 0, Corner])
        {
            OrdinalBitmap accept = index.Bitmap(filter);
            int matching = accept.Count();
            int found = 0;
            scope.Scratch.ResetCounters();
            foreach (float[] query in queries)
            {
                HashSet<uint> nearest =
                    [.. Oracle.Nearest(DistanceKind.SquaredEuclidean, index.Points.Where(pair => filter(pair.Key)), query, 10).Select(static near => near.Ordinal)];
                Assert.True(index.Index.SearchPartitions(
                    query, new SearchEffort(10, 24, Slack: 0.7f) { Share = (float)matching / Points }, accept, null, scope.Scratch, CancellationToken.None));
                found += Results(scope.Scratch, 10).Count(nearest.Contains);
            }

            Assert.True(found >= 0.95 * 10 * queries.Length, $"{found} found of {10 * queries.Length}.");
            Assert.True(scope.Scratch.DistanceComputations < 0.8 * matching * queries.Length + (queries.Length * 200), $"{scope.Scratch.DistanceComputations} distances.");
        }

        bool Corner(uint ordinal) => index.Vector(ordinal)[0] > 0 && index.Vector(ordinal)[1] > 0;
    }

    [Fact]
    public void SearchPartitions_AllAroundTheQueryMatch_IsGivenUpIfAsked()
    {
        var source = new ClusteredVectors(Dimension, 79);
        using TestIndex index = TestIndex.Divided(source.Next(Points), DistanceKind.SquaredEuclidean);
        float[] query = source.Next(1)[0];
        HashSet<uint> nearest = [.. Oracle.Nearest(DistanceKind.SquaredEuclidean, index.Points, query, Points / 10).Select(static near => near.Ordinal)];
        OrdinalBitmap around = index.Bitmap(nearest.Contains);
        OrdinalBitmap anywhere = index.Bitmap(static ordinal => ordinal % 10 == 0);
        var effort = new SearchEffort(250, 300, Slack: 1) { Share = 0.1f, DenseSlack = 1.5f };

        Assert.True(Search(around, effort));
        Assert.False(Search(around, effort with { LeavesDense = true }));
        Assert.True(Search(anywhere, effort with { LeavesDense = true }));
        Assert.True(Search(around, effort with { LeavesDense = true, DenseSlack = 0.5f }));

        bool Search(OrdinalBitmap accept, SearchEffort how)
        {
            using ScratchPool.Scope scope = index.Scratches.Rent();
            return index.Index.SearchPartitions(query, how, accept, index.Index.Arrange(accept), scope.Scratch, CancellationToken.None);
        }
    }

    [Fact]
    public void SearchPartitions_ElementsWhoseSquaresAreInfinite_LooksEverywhere()
    {
        float[][] vectors = [.. Enumerable.Range(0, Points).Select(i => Enumerable.Repeat(i % 5 == 0 ? 1e30f : i, 8).ToArray())];
        using TestIndex index = TestIndex.Divided(vectors);
        AssertFindsAll(index, vectors[1], index.Bitmap(static ordinal => ordinal % 5 != 0), false);
    }

    [Fact]
    public void SearchPartitions_NotDivided_DoesNothing()
    {
        using TestIndex index = TestIndex.Build(new ClusteredVectors(Dimension, 74).Next(100), codes: CodeKind.Int8);
        Assert.False(index.Index.HasPartitions);
        Assert.False(index.Index.WantsPartitions);
        using ScratchPool.Scope scope = index.Scratches.Rent();
        Assert.False(index.Index.SearchPartitions(
            new float[Dimension], new SearchEffort(1, 1, Slack: 1), index.Bitmap(_ => true), null, scope.Scratch, CancellationToken.None));
        Assert.Null(index.Index.Arrange(index.Bitmap(_ => true)));
    }

    [Fact]
    public void Divide_GoneOrCancelled_LeavesItUndivided()
    {
        using TestIndex index = TestIndex.Build(new ClusteredVectors(Dimension, 75).Next(Points), codes: CodeKind.Int8);
        Assert.True(index.Index.WantsPartitions);
        Assert.False(index.Index.Divide(index.Scratches, () => true, out _, CancellationToken.None));
        Assert.Throws<OperationCanceledException>(() => index.Index.Divide(index.Scratches, () => false, out _, new CancellationToken(true)));
        Assert.False(index.Index.HasPartitions);
    }

    [Fact]
    public void SearchPartitions_Cancelled_Throws()
    {
        var source = new ClusteredVectors(Dimension, 76);
        using TestIndex index = TestIndex.Divided(source.Next(Points), DistanceKind.SquaredEuclidean);
        using ScratchPool.Scope scope = index.Scratches.Rent();
        Assert.Throws<OperationCanceledException>(() => index.Index.SearchPartitions(
            source.Next(1)[0], new SearchEffort(1, 1, Slack: Everything), index.Bitmap(_ => true), null, scope.Scratch, new CancellationToken(true)));
    }

    [Fact]
    public void SearchPartitions_AfterWarmUp_AllocatesNothing()
    {
        var source = new ClusteredVectors(Dimension, 77);
        using TestIndex index = TestIndex.Divided(source.Next(Points), DistanceKind.SquaredEuclidean);
        float[] query = source.Next(1)[0];
        OrdinalBitmap accept = index.Bitmap(static ordinal => ordinal % 2 == 0);
        PartitionedMatches arranged = index.Index.Arrange(accept)!;
        using ScratchPool.Scope scope = index.Scratches.Rent();
        Search();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Search();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Search()
        {
            var effort = new SearchEffort(10, 24, Slack: 1);
            index.Index.SearchPartitions(query, effort, accept, null, scope.Scratch, CancellationToken.None);
            index.Index.SearchPartitions(query, effort, accept, arranged, scope.Scratch, CancellationToken.None);
        }
    }

    [Fact]
    public async Task Divide_WhilePointsComeAndGo_LosesNone()
    {
        var source = new ClusteredVectors(Dimension, 78);
        using TestIndex index = TestIndex.Divided(source.Next(Points), DistanceKind.SquaredEuclidean);
        bool isDone = false;
        Task dividing = Task.Run(() =>
        {
            int rounds = 0;
            while (!Volatile.Read(ref isDone) || rounds < 3)
            {
                Assert.True(index.Index.Divide(index.Scratches, () => false, out _, CancellationToken.None));
                rounds++;
            }
        });
        for (int round = 0; round < 6; round++)
        {
            foreach (uint ordinal in index.Points.Keys.Where(ordinal => ordinal % 11 == round).ToList())
            {
                index.Hide(ordinal);
            }

            index.Sweep();
            foreach (float[] vector in source.Next(300))
            {
                index.Insert(vector);
            }

            OrdinalBitmap accept = index.Bitmap(ordinal => index.Points.ContainsKey(ordinal) && ordinal % 2 != 0);
            foreach (float[] query in source.Next(10))
            {
                AssertFindsAll(index, query, accept, round % 2 == 0);
            }
        }

        Volatile.Write(ref isDone, true);
        await dividing;
    }

    // Within the matching points: the members and distances of both ways, where equal codes leave no choice.
    private static void AssertFindsAll(TestIndex index, float[] query, OrdinalBitmap accept, bool arranged)
    {
        using ScratchPool.Scope scope = index.Scratches.Rent();
        var effort = new SearchEffort(10, 40, Slack: Everything);
        index.Index.SearchCodes(query, effort, accept, scope.Scratch, CancellationToken.None);
        float[] expected = [.. Results(scope.Scratch, 10).Select(i => Distance(scope.Scratch, i))];
        PartitionedMatches? matches = arranged ? index.Index.Arrange(accept) : null;
        Assert.True(index.Index.SearchPartitions(query, effort, accept, matches, scope.Scratch, CancellationToken.None));
        uint[] found = Results(scope.Scratch, 10);
        Assert.Equal(Math.Min(10, accept.Count()), found.Length);
        Assert.Equal(found.Length, found.Distinct().Count());
        Assert.All(found, ordinal => Assert.True(accept.Contains(ordinal)));
        Assert.Equal(expected, found.Select(i => Distance(scope.Scratch, i)));
    }

    private static uint[] Results(SearchScratch scratch, int k) =>
        [.. Enumerable.Range(0, Math.Min(k, scratch.ResultCount)).Select(i => scratch.Result(i).Ordinal)];

    private static float Distance(SearchScratch scratch, uint ordinal) =>
        Enumerable.Range(0, scratch.ResultCount).Select(scratch.Result).First(result => result.Ordinal == ordinal).Distance;
}
