using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

/// <summary>Queries that share a scan find to the bit what each finds alone.</summary>
public sealed class SharedSearchTests
{
    private const int Points = 700;

    public static TheoryData<CodeKind, DistanceKind, bool> Cases { get; } = new(
        from codes in Enum.GetValues<CodeKind>()
        from kind in Enum.GetValues<DistanceKind>()
        from useHalves in (bool[])[false, true]
        select (codes, kind, useHalves));

    [Theory]
    [MemberData(nameof(Cases))]
    public void SearchShared_AnyNumberOfQueriesAndPoints_FindsWhatEachFindsAlone(CodeKind codes, DistanceKind kind, bool useHalves)
    {
        var source = new ClusteredVectors(70, 61);
        using var index = TestIndex.Build(source.Next(Points), kind, codes: codes, useHalves: useHalves);
        float[][] vectors = source.Next(VectorIndex.MaxShared);
        foreach (int count in (int[])[1, 3, 16, 17, VectorIndex.MaxShared])
        {
            foreach (int every in (int[])[1, 2, 11, 67, 350, Points + 1])
            {
                OrdinalBitmap accept = index.Bitmap(ordinal => ordinal % every == 3 % every);
                SharedQuery[] queries = [.. vectors[..count].Select((vector, i) => new SharedQuery(vector, new SearchEffort(1 + (i % 12), 40)))];
                AssertAlike(index, queries, accept, byCodes: true);
                SharedQuery[] exact = [.. queries.Select(query => query with { Effort = new SearchEffort(query.Effort.K, query.Effort.K) })];
                AssertAlike(index, exact, accept, byCodes: false);
            }
        }
    }

    [Fact]
    public void SearchShared_ElementsThatAreNoNumbers_AreNotFound()
    {
        // Elements whose squares pass the largest float, so that their distances are not numbers or not finite.
        float[][] vectors = [.. Enumerable.Range(0, 70).Select(i => Enumerable.Repeat(i % 2 == 0 ? 1e30f : i, 24).ToArray())];
        using var index = TestIndex.Build(vectors, codes: CodeKind.Int8);
        OrdinalBitmap accept = index.Bitmap(_ => true);
        SharedQuery[] queries = [.. Enumerable.Range(0, 20).Select(i => new SharedQuery(vectors[i], new SearchEffort(10, 10)))];
        AssertAlike(index, queries, accept, byCodes: true);
        AssertAlike(index, queries, accept, byCodes: false);
    }

    [Fact]
    public void SearchShared_Cancelled_Throws()
    {
        var source = new ClusteredVectors(20, 62);
        using var index = TestIndex.Build(source.Next(200));
        using ScratchPool.Scope scope = index.Scratches.Rent();
        SharedQuery[] queries = [new(source.Next(1)[0], new SearchEffort(1, 1))];
        Assert.Throws<OperationCanceledException>(
            () => index.Index.SearchShared(queries, false, index.Bitmap(_ => true), scope.Scratch, new CancellationToken(true)));
    }

    [Fact]
    public void SearchShared_AfterWarmUp_AllocatesNothing()
    {
        var source = new ClusteredVectors(40, 63);
        using var index = TestIndex.Build(source.Next(500), codes: CodeKind.Int8);
        OrdinalBitmap accept = index.Bitmap(_ => true);
        SharedQuery[] queries = [.. source.Next(30).Select(vector => new SharedQuery(vector, new SearchEffort(10, 30)))];
        using ScratchPool.Scope scope = index.Scratches.Rent();
        Search();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Search();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Search()
        {
            index.Index.SearchShared(queries, true, accept, scope.Scratch, CancellationToken.None);
            for (int i = 0; i < queries.Length; i++)
            {
                index.Index.SelectShared(i, queries[i], true, scope.Scratch);
            }
        }
    }

    private static void AssertAlike(TestIndex index, SharedQuery[] queries, OrdinalBitmap accept, bool byCodes)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using ScratchPool.Scope shared = index.Scratches.Rent();
        using ScratchPool.Scope alone = index.Scratches.Rent();
        index.Index.SearchShared(queries, byCodes, accept, shared.Scratch, cancellation);
        for (int i = 0; i < queries.Length; i++)
        {
            if (byCodes)
            {
                index.Index.SearchCodes(queries[i].Vector.Span, queries[i].Effort, accept, alone.Scratch, cancellation);
            }
            else
            {
                index.Index.SearchExact(queries[i].Vector.Span, queries[i].Effort.K, accept, alone.Scratch, cancellation);
            }

            index.Index.SelectShared(i, queries[i], byCodes, shared.Scratch);
            Assert.Equal(Results(alone.Scratch), Results(shared.Scratch));
        }
    }

    private static Candidate[] Results(SearchScratch scratch) =>
        [.. Enumerable.Range(0, scratch.ResultCount).Select(scratch.Result)];
}
