using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

/// <summary>Indexes that are walked and built on codes: their answers are still those of the vectors.</summary>
public sealed class CodeSearchTests : IClassFixture<CodeSearchTests.Built>
{
    private const int Count = 3_000;
    private const int Dimension = 40;

    private readonly Built _built;

    public CodeSearchTests(Built built) => _built = built;

    public static TheoryData<CodeKind, DistanceKind> Cases { get; } = new(
        from codes in (CodeKind[])[CodeKind.Int8, CodeKind.Int4]
        from kind in Enum.GetValues<DistanceKind>()
        select (codes, kind));

    [Theory]
    [InlineData(CodeKind.Int8, DistanceKind.SquaredEuclidean, 0.75)]
    [InlineData(CodeKind.Int8, DistanceKind.NegativeCosine, 0.75)]
    // So few elements leave 4-bit codes coarse: what the walk finds is right, what it orders last is not.
    [InlineData(CodeKind.Int4, DistanceKind.SquaredEuclidean, 0.65)]
    [InlineData(CodeKind.Int4, DistanceKind.NegativeCosine, 0.65)]
    public void Search_Codes_RecallsAsOnVectorsOverASoundGraph(CodeKind codes, DistanceKind kind, double atSmallEf)
    {
        TestIndex index = _built.Of(codes, kind);
        index.AssertSound();
        Assert.InRange(index.Recall(_built.Queries, 128), 0.97, 1);
        Assert.InRange(index.Recall(_built.Queries, 16), atSmallEf, 1);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Search_Codes_GivesHitsInOrderWithTheDistancesOfTheirVectors(CodeKind codes, DistanceKind kind)
    {
        TestIndex index = _built.Of(codes, kind);
        foreach (float[] query in _built.Queries)
        {
            List<Candidate> hits = index.Search(query, 50, 10);
            Assert.Equal(50, hits.Count);
            for (int i = 0; i < hits.Count; i++)
            {
                Assert.Equal(Oracle.Distance(kind, query, index.Points[hits[i].Ordinal]), hits[i].Distance, 1e-3);
                Assert.True(i == 0 || hits[i - 1].Distance <= hits[i].Distance);
            }
        }
    }

    [Theory]
    [InlineData(CodeKind.Int8)]
    [InlineData(CodeKind.Int4)]
    public void Restore_Codes_AnswersAndGoesOnAsTheOriginal(CodeKind codes)
    {
        float[][] vectors = new ClusteredVectors(Dimension, 21).Next(600);
        using TestIndex original = TestIndex.Build(vectors[..500], codes: codes);
        using TestIndex restored = original.Restore();
        foreach (float[] more in vectors[500..])
        {
            Assert.Equal(original.Insert(more), restored.Insert(more));
        }

        Assert.All(_built.Queries, query => Assert.Equal(original.Search(query, 10, 40), restored.Search(query, 10, 40)));
    }

    /// <summary>At a dimension where 4 bits are the default, and that is padded and has two different blocks of rotation.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Search_LongVectors_FindsWhatComparingAllCandidatesWould(CodeKind codes, DistanceKind kind)
    {
        var source = new ClusteredVectors(530, 22);
        using var index = TestIndex.Build(source.Next(1_500), kind, codes: codes);
        float[][] queries = source.Next(200);
        foreach (int k in (int[])[1, 10])
        {
            int found = 0;
            foreach (float[] query in queries)
            {
                // As many wanted as candidates: all are compared.
                HashSet<uint> all = [.. index.Search(query, 64, 64).Take(k).Select(hit => hit.Ordinal)];
                found += index.Search(query, k, 64).Count(hit => all.Contains(hit.Ordinal));
            }

            Assert.InRange(found / (double)(k * queries.Length), 0.99, 1);
        }

        if (kind != DistanceKind.NegativeDot)
        {
            index.AssertSound();
            Assert.InRange(index.Recall(queries, 64), 0.95, 1);
        }
    }

    [Theory]
    [InlineData(CodeKind.Int8)]
    [InlineData(CodeKind.Int4)]
    public void Search_CodesAfterWarmUp_AllocatesNothing(CodeKind codes)
    {
        TestIndex index = _built.Of(codes, DistanceKind.SquaredEuclidean);
        using ScratchPool.Scope scope = index.Scratches.Rent();
        var effort = new SearchEffort(10, 64);
        foreach (float[] query in _built.Queries)
        {
            index.Index.Search(query, effort, null, scope.Scratch, CancellationToken.None);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (float[] query in _built.Queries)
        {
            index.Index.Search(query, effort, null, scope.Scratch, CancellationToken.None);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    public sealed class Built : IDisposable
    {
        private readonly Dictionary<(CodeKind Codes, DistanceKind Kind), TestIndex> _indexes = [];

        public Built()
        {
            var source = new ClusteredVectors(Dimension, 20);
            float[][] vectors = source.Next(Count);
            Queries = source.Next(50);
            foreach ((CodeKind codes, DistanceKind kind) in Cases.Select(row => row.Data))
            {
                _indexes.Add((codes, kind), TestIndex.Build(vectors, kind, codes: codes));
            }
        }

        public float[][] Queries { get; }

        internal TestIndex Of(CodeKind codes, DistanceKind kind) => _indexes[(codes, kind)];

        public void Dispose()
        {
            foreach (TestIndex index in _indexes.Values)
            {
                index.Dispose();
            }
        }
    }
}
