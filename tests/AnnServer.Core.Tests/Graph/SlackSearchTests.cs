using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

/// <summary>Walks that end by distance, that stay inside a filter, and that are kept from a node.</summary>
public sealed class SlackSearchTests(SearchTests.Built built) : IClassFixture<SearchTests.Built>
{
    private const int K = 10;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeCosine)]
    public void Search_MoreSlack_FindsMoreForMoreDistances(DistanceKind kind)
    {
        TestIndex index = built.Of(kind);
        (double Recall, long Distances) before = (0, 0);
        foreach (float slack in (float[])[0.9f, 1, 1.05f, 1.2f, 1.5f])
        {
            (double Recall, long Distances) now = Measure(index, new SearchEffort(K, 1000, Slack: slack), null);
            Assert.True(now.Distances > before.Distances, $"slack {slack}: {now.Distances} distances after {before.Distances}");
            Assert.True(now.Recall >= before.Recall - 0.005, $"slack {slack}: recall {now.Recall} after {before.Recall}");
            before = now;
        }

        Assert.InRange(before.Recall, 0.99, 1);
    }

    /// <summary>What the rule is for: no other width is as cheap at its recall.</summary>
    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeCosine)]
    public void Search_Slack_ComputesNoMoreThanTheWidthOfTheSameRecall(DistanceKind kind)
    {
        TestIndex index = built.Of(kind);
        (double Recall, long Distances) slack = Measure(index, new SearchEffort(K, 1000, Slack: 1.08f), null);
        int width = Enumerable.Range(K, 300).First(ef => Measure(index, new SearchEffort(K, ef), null).Recall >= slack.Recall);
        Assert.InRange(slack.Distances, 1, (long)(1.1 * Measure(index, new SearchEffort(K, width), null).Distances));
    }

    /// <summary>A tenth of the points that are those around the query takes the slack of a walk without a filter, any other tenth its own.</summary>
    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeCosine)]
    public void Search_FilterThatHoldsTheNeighbours_TakesTheSlackForDenseOnes(DistanceKind kind)
    {
        TestIndex index = built.Of(kind);
        var plain = new SearchEffort(K, 1000, Slack: 0.93f);
        SearchEffort adapted = plain with { Share = 0.1f, DenseSlack = 1.1f };
        (double before, double after) = (0, 0);
        (long fewer, long more) = (0, 0);
        OrdinalBitmap anywhere = index.Bitmap(static ordinal => ordinal % 10 == 3);
        foreach (float[] query in built.Queries)
        {
            HashSet<uint> around = [.. Oracle.Nearest(kind, index.Points, query, index.Points.Count / 10).Select(static near => near.Ordinal)];
            OrdinalBitmap accept = index.Bitmap(around.Contains);
            before += RecallOf(plain, accept, query);
            after += RecallOf(adapted, accept, query);
            fewer += DistancesOf(plain, anywhere, query);
            more += DistancesOf(adapted, anywhere, query);
        }

        // Half of what was missed is found.
        Assert.InRange(1 - (after / built.Queries.Length), 0, (1 - (before / built.Queries.Length)) / 2);
        Assert.InRange(more, fewer, 1.3 * fewer);

        double RecallOf(SearchEffort effort, OrdinalBitmap accept, float[] query)
        {
            using ScratchPool.Scope scope = index.Scratches.Rent();
            index.Index.Search(query, effort, accept, scope.Scratch, Cancellation);
            double bound = Oracle.Nearest(kind, index.Points, query, K)[^1].Distance + 1e-5;
            return Enumerable.Range(0, K).Count(i => scope.Scratch.Result(i).Distance <= bound) / (double)K;
        }

        long DistancesOf(SearchEffort effort, OrdinalBitmap accept, float[] query)
        {
            using ScratchPool.Scope scope = index.Scratches.Rent();
            index.Index.Search(query, effort, accept, scope.Scratch, Cancellation);
            return scope.Scratch.DistanceComputations;
        }
    }

    [Fact]
    public void Search_InnerProduct_IgnoresSlack()
    {
        TestIndex index = built.Of(DistanceKind.NegativeDot);
        Assert.Equal(
            Measure(index, new SearchEffort(K, 50), null), Measure(index, new SearchEffort(K, 50, Slack: 1), null));
    }

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean, 2, 0.95)]
    [InlineData(DistanceKind.NegativeCosine, 5, 0.95)]
    [InlineData(DistanceKind.SquaredEuclidean, 20, 0.85)]
    [InlineData(DistanceKind.NegativeDot, 5, 0.9)]
    public void Search_Within_FindsMembersAloneAndComputesDistancesToNoOthers(DistanceKind kind, uint every, double floor)
    {
        TestIndex index = built.Of(kind);
        OrdinalBitmap accept = index.Bitmap(ordinal => ordinal % every == 1);
        (double recall, long within) = Measure(index, new SearchEffort(K, 64, Within: true), accept);
        Assert.InRange(recall, floor, 1);
        Assert.True(within <= (long)built.Queries.Length * (accept.Count() + 200), $"{within} distances");
        (_, long through) = Measure(index, new SearchEffort(K, 64), accept);
        // Of every other node a walk through all keeps nearly as many as it meets.
        Assert.True(every == 2 || within < through, $"{within} distances within, {through} through");
    }

    [Fact]
    public void Search_WithinAFilterThatNobodyPasses_FindsNothing()
    {
        TestIndex index = built.Of(DistanceKind.SquaredEuclidean);
        using ScratchPool.Scope scope = index.Scratches.Rent();
        var effort = new SearchEffort(K, 64, Within: true);
        Assert.True(index.Index.Search(built.Queries[0], effort, index.Bitmap(_ => false), scope.Scratch, Cancellation));
        Assert.Equal(0, scope.Scratch.ResultCount);
        Assert.True(index.Index.Search(built.Queries[0], effort, index.Bitmap(ordinal => ordinal == 77), scope.Scratch, Cancellation));
        Assert.Equal(77u, scope.Scratch.Result(0).Ordinal);
    }

    /// <summary>Of members that lie anywhere some are near every query; of those that are farther away than all others none.</summary>
    [Theory]
    [InlineData(2u)]
    [InlineData(5u)]
    [InlineData(10u)]
    public void Search_WithinMembersThatAreFar_IsGivenUpWhereTheShareIsKnown(uint every)
    {
        const int Queries = 60;
        float[][] vectors = new ClusteredVectors(16, 5).Next(4000);
        using TestIndex index = TestIndex.Build(vectors);
        var effort = new SearchEffort(K, 64, Within: true);
        SearchEffort known = effort with { Share = 1f / every };
        OrdinalBitmap anywhere = index.Bitmap(ordinal => ordinal % every == 1);
        int givenUp = 0;
        foreach (float[] query in vectors[..Queries])
        {
            HashSet<uint> farthest =
            [
                .. index.Points.OrderByDescending(point => Oracle.Distance(DistanceKind.SquaredEuclidean, query, point.Value))
                    .Take(vectors.Length / (int)every)
                    .Select(static point => point.Key),
            ];
            OrdinalBitmap far = index.Bitmap(farthest.Contains);
            Assert.Equal((true, true, true), (Walks(index, query, effort, anywhere), Walks(index, query, known, anywhere), Walks(index, query, effort, far)));
            givenUp += Walks(index, query, known, far) ? 0 : 1;
        }

        // Of the others the way to the start ends too far from the query.
        Assert.InRange(givenUp, Queries * 3 / 4, Queries);
    }

    /// <summary>Points that are alike lead to each other alone, and those that are gone are no members: neither says that members are far away.</summary>
    [Theory]
    [InlineData(40, 0, 0.5)]
    [InlineData(40, 0, 0.1)]
    [InlineData(1, 2, 0.5)]
    [InlineData(1, 2, 0.1)]
    [InlineData(1, 3, 0.2)]
    public void Search_WithinMembersAnywhereAmongOthersAlikeOrGone_IsHardlyGivenUp(int alike, int keptOneIn, double share)
    {
        float[][] different = new ClusteredVectors(16, 6).Next(4000 / alike);
        using TestIndex index = TestIndex.Build([.. Enumerable.Range(0, 4000).Select(i => different[i % different.Length])]);
        var random = new Random(7);
        HashSet<uint> members = [.. index.Points.Keys.Where(ordinal => keptOneIn == 0 || ordinal % keptOneIn == 0).Where(_ => random.NextDouble() < share)];
        foreach (uint ordinal in index.Points.Keys.Where(ordinal => keptOneIn > 0 && ordinal % keptOneIn != 0).ToList())
        {
            index.Hide(ordinal);
        }

        var known = new SearchEffort(K, 64, Within: true) { Share = (float)share };
        OrdinalBitmap accept = index.Bitmap(members.Contains);
        // By chance they may be few around one or the other.
        Assert.InRange(different[..60].Count(query => !Walks(index, query, known, accept)), 0, 2);
    }

    [Fact]
    public void Search_WithinBeyondItsBudget_IsGivenUp()
    {
        TestIndex index = built.Of(DistanceKind.SquaredEuclidean);
        using ScratchPool.Scope scope = index.Scratches.Rent();
        OrdinalBitmap accept = index.Bitmap(ordinal => ordinal % 2 == 0);
        Assert.False(index.Index.Search(built.Queries[0], new SearchEffort(K, 64, 100, Within: true), accept, scope.Scratch, Cancellation));
        Assert.Throws<OperationCanceledException>(() => index.Index.Search(
            built.Queries[0], new SearchEffort(K, 2000, Within: true), accept, scope.Scratch, new CancellationToken(true)));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Search_HeldOut_NeverMeetsTheNode(bool filtered, bool within)
    {
        TestIndex index = built.Of(DistanceKind.SquaredEuclidean);
        OrdinalBitmap? accept = filtered ? index.Bitmap(_ => true) : null;
        uint[] lowest = [.. index.Points.Keys.Where(ordinal => index.Index.TopLayer(ordinal) == 0).Take(50)];
        foreach (uint ordinal in lowest)
        {
            var effort = new SearchEffort(K, 64, Within: within);
            Assert.Contains(ordinal, Found(ordinal, effort, null));
            Assert.DoesNotContain(ordinal, Found(ordinal, effort, ordinal));
        }

        HashSet<uint> Found(uint ordinal, SearchEffort effort, uint? heldOut)
        {
            using ScratchPool.Scope scope = index.Scratches.Rent();
            Assert.Null(scope.Scratch.HeldOut);
            scope.Scratch.HeldOut = heldOut;
            Assert.True(index.Index.Search(index.Points[ordinal], effort, accept, scope.Scratch, Cancellation));
            return [.. Enumerable.Range(0, scope.Scratch.ResultCount).Select(i => scope.Scratch.Result(i).Ordinal)];
        }
    }

    private static bool Walks(TestIndex index, float[] query, SearchEffort effort, OrdinalBitmap accept)
    {
        using ScratchPool.Scope scope = index.Scratches.Rent();
        return index.Index.Search(query, effort, accept, scope.Scratch, Cancellation);
    }

    private (double Recall, long Distances) Measure(TestIndex index, SearchEffort effort, OrdinalBitmap? accept)
    {
        DistanceKind kind = index.Index.Parameters.Distance;
        int found = 0;
        long distances = 0;
        foreach (float[] query in built.Queries)
        {
            double bound = Oracle.Nearest(kind, index.Points.Where(point => accept?.Contains(point.Key) ?? true), query, K)[^1].Distance + 1e-5;
            using ScratchPool.Scope scope = index.Scratches.Rent();
            Assert.True(index.Index.Search(query, effort, accept, scope.Scratch, Cancellation));
            distances += scope.Scratch.DistanceComputations;
            for (int i = 0; i < Math.Min(K, scope.Scratch.ResultCount); i++)
            {
                uint ordinal = scope.Scratch.Result(i).Ordinal;
                Assert.True(accept?.Contains(ordinal) ?? true);
                found += Oracle.Distance(kind, query, index.Points[ordinal]) <= bound ? 1 : 0;
            }
        }

        return (found / (double)(K * built.Queries.Length), distances);
    }
}
