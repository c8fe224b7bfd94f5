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

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeCosine)]
    public void Search_Codes_RecallsAsOnVectorsOverASoundGraph(DistanceKind kind)
    {
        TestIndex index = _built.Of(kind);
        index.AssertSound();
        Assert.InRange(index.Recall(_built.Queries, 128), 0.97, 1);
        Assert.InRange(index.Recall(_built.Queries, 16), 0.75, 1);
    }

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeCosine)]
    [InlineData(DistanceKind.NegativeDot)]
    public void Search_Codes_GivesHitsInOrderWithTheDistancesOfTheirVectors(DistanceKind kind)
    {
        TestIndex index = _built.Of(kind);
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

    [Fact]
    public void Restore_Codes_AnswersAndGoesOnAsTheOriginal()
    {
        float[][] vectors = new ClusteredVectors(Dimension, 21).Next(600);
        using TestIndex original = TestIndex.Build(vectors[..500], useCodes: true);
        using TestIndex restored = original.Restore();
        foreach (float[] more in vectors[500..])
        {
            Assert.Equal(original.Insert(more), restored.Insert(more));
        }

        Assert.All(_built.Queries, query => Assert.Equal(original.Search(query, 10, 40), restored.Search(query, 10, 40)));
    }

    [Fact]
    public void Search_CodesAfterWarmUp_AllocatesNothing()
    {
        TestIndex index = _built.Of(DistanceKind.SquaredEuclidean);
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
        private readonly Dictionary<DistanceKind, TestIndex> _indexes = [];

        public Built()
        {
            var source = new ClusteredVectors(Dimension, 20);
            float[][] vectors = source.Next(Count);
            Queries = source.Next(50);
            foreach (DistanceKind kind in Enum.GetValues<DistanceKind>())
            {
                _indexes.Add(kind, TestIndex.Build(vectors, kind, useCodes: true));
            }
        }

        public float[][] Queries { get; }

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
