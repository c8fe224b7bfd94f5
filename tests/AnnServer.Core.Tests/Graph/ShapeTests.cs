using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

/// <summary>Data and parameters at their edges.</summary>
public sealed class ShapeTests
{
    [Fact]
    public void Search_EmptyIndex_FindsNothing()
    {
        using var index = new TestIndex(3);
        Assert.Empty(index.Search([1, 2, 3], 10, 50));
        Assert.Empty(index.SearchExact([1, 2, 3], 10));
        Assert.Equal(0, index.Index.MaxLayer);
        index.AssertSound();
    }

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeDot)]
    [InlineData(DistanceKind.NegativeCosine)]
    public void Search_SinglePoint_FindsIt(DistanceKind kind)
    {
        using var index = TestIndex.Build([[1, 2, 3]], kind);
        index.AssertSound();
        Candidate hit = Assert.Single(index.Search([3, 1, 2], 10, 50));
        Assert.Equal(0u, hit.Ordinal);
        Assert.Equal(Oracle.Distance(kind, [3, 1, 2], [1, 2, 3]), hit.Distance, 1e-5);
        index.Hide(0);
        Assert.Empty(index.Search([3, 1, 2], 10, 50));
        index.Sweep();
        index.Insert([4, 4, 4]);
        Assert.Equal(0u, Assert.Single(index.Search([3, 1, 2], 10, 50)).Ordinal);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(16)]
    public void Insert_ManyEqualVectors_AllAreReachedAndFound(int m)
    {
        float[] vector = [1, 2, 3, 4];
        using var index = TestIndex.Build([.. Enumerable.Repeat(vector, 1_000)], m: m);
        index.AssertSound();
        Assert.Equal(100, index.Search(vector, 100, 100).Count);
        Assert.Equal(1_000, index.Search(vector, 1_000, 10).Select(hit => hit.Ordinal).Distinct().Count());
        Assert.Equal(1_000, index.Search([9, 9, 9, 9], 1_000, 10).Count);

        // Slots that are used again are not the greatest ordinals.
        for (int round = 0; round < 4; round++)
        {
            foreach (uint ordinal in index.Points.Keys.Where(ordinal => ordinal % 4 == round).ToList())
            {
                index.Hide(ordinal);
            }

            index.Sweep();
            for (int i = 0; i < 250; i++)
            {
                index.Insert(vector);
            }

            index.AssertSound();
        }

        Assert.Equal(1_000, index.Search(vector, 1_000, 10).Count);
    }

    [Fact]
    public void Insert_EqualVectorsAmongOthers_AllAreReached()
    {
        var source = new ClusteredVectors(16, 21);
        float[] often = source.Next();
        float[][] vectors = [.. source.Next(1_500).Select((vector, i) => i % 3 == 0 ? often : vector)];
        using var index = TestIndex.Build(vectors);
        index.AssertSound();
        Assert.Equal(500, index.Search(often, 500, 10).Count(hit => hit.Distance == 0));
        Assert.InRange(index.Recall(source.Next(50), 128), 0.95, 1);
    }

    [Fact]
    public void Search_CollinearPoints_FindsTheNearest()
    {
        float[][] vectors = [.. Enumerable.Range(0, 1_000).Select(i => (float[])[i * 389 % 1_000, 2 * (i * 389 % 1_000)])];
        using var index = TestIndex.Build(vectors, m: 8);
        index.AssertSound();
        float[][] queries = [.. Enumerable.Range(0, 50).Select(i => (float[])[(20 * i) + 0.3f, (40 * i) + 0.3f])];
        Assert.Equal(1, index.Recall(queries, 64));
    }

    [Theory]
    [InlineData(1, 12, 600)]
    [InlineData(1025, 12, 300)]
    [InlineData(16, GraphParameters.MinM, 1_000)]
    [InlineData(16, GraphParameters.MaxM, 700)]
    public void Search_ParametersAtTheirLimits_Recalls(int dimension, int m, int count)
    {
        var source = new ClusteredVectors(dimension, 22);
        using var index = new TestIndex(dimension, m: m, efConstruction: Math.Max(100, m));
        foreach (float[] vector in source.Next(count))
        {
            index.Insert(vector);
        }

        index.AssertSound();
        Assert.InRange(index.Recall(source.Next(40), 128), 0.95, 1);
        foreach (uint ordinal in index.Points.Keys.Where(ordinal => ordinal % 3 == 0).ToList())
        {
            index.Hide(ordinal);
        }

        index.Sweep();
        index.AssertSound();
        Assert.InRange(index.Recall(source.Next(40), 128), 0.95, 1);
    }

    [Fact]
    public void Vector_AnyDistance_IsGivenBackAsItCame()
    {
        foreach (DistanceKind kind in Enum.GetValues<DistanceKind>())
        {
            float[][] vectors = new ClusteredVectors(1023, 23).Next(5);
            using var index = TestIndex.Build(vectors, kind);
            for (uint ordinal = 0; ordinal < 5; ordinal++)
            {
                Assert.Equal(vectors[ordinal], index.Vector(ordinal));
            }
        }
    }

    [Fact]
    public void Search_ZeroVectorUnderCosine_IsAtRightAnglesToEverything()
    {
        var source = new ClusteredVectors(8, 24);
        using var index = TestIndex.Build([new float[8], .. source.Next(100)], DistanceKind.NegativeCosine);
        Assert.All(index.Search(new float[8], 20, 50), hit => Assert.Equal(0, hit.Distance));
        Assert.Equal(20, index.Search(new float[8], 20, 50).Count);
        Assert.Equal(0, index.SearchExact(source.Next(), 101).Single(hit => hit.Ordinal == 0).Distance);
    }

    [Fact]
    public void TryReserve_IndexFull_IsFalseUntilASlotIsReleased()
    {
        using var index = new TestIndex(2, maxNodes: 5);
        for (int i = 0; i < 5; i++)
        {
            index.Insert([i, i]);
        }

        Assert.False(index.Index.TryReserve(out _));
        index.Hide(2);
        Assert.False(index.Index.TryReserve(out _));
        index.Sweep();
        Assert.Equal(2u, index.Insert([7, 7]));
        index.AssertSound();
    }

    [Theory]
    [InlineData(0, 16, 100)]
    [InlineData(8, GraphParameters.MinM - 1, 100)]
    [InlineData(8, GraphParameters.MaxM + 1, 200)]
    [InlineData(8, 16, 15)]
    public void GraphParameters_BeyondTheirLimits_Throw(int dimension, int m, int efConstruction) =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new GraphParameters(dimension, DistanceKind.SquaredEuclidean, m, efConstruction, 1, 10));
}
