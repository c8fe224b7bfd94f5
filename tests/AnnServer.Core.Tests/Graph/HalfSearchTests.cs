using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

/// <summary>
/// Indexes that keep halves. Rounding is all that sets them apart: each is compared to the bit with one of floats that was given
/// the rounded vectors.
/// </summary>
public sealed class HalfSearchTests
{
    public static TheoryData<DistanceKind, CodeKind> Cases { get; } = new(
        from kind in Enum.GetValues<DistanceKind>()
        from codes in Enum.GetValues<CodeKind>()
        select (kind, codes));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Index_OfHalves_IsThatOfTheRoundedVectors(DistanceKind kind, CodeKind codes)
    {
        // Rows of floats end at another multiple than rows of halves.
        var source = new ClusteredVectors(40, 51);
        float[][] vectors = source.Next(900);
        float[][] queries = source.Next(40);
        using var halves = TestIndex.Build(vectors, kind, codes: codes, useHalves: true);
        using var floats = TestIndex.Build([.. vectors.Select(TestIndex.Rounded)], kind, codes: codes);
        AssertAlike();

        foreach (uint ordinal in halves.Points.Keys.Where(ordinal => ordinal % 3 == 0).ToList())
        {
            halves.Hide(ordinal);
            floats.Hide(ordinal);
        }

        AssertAlike();
        halves.Sweep();
        floats.Sweep();
        AssertAlike();
        foreach (float[] vector in source.Next(150))
        {
            Assert.Equal(floats.Insert(TestIndex.Rounded(vector)), halves.Insert(vector));
        }

        AssertAlike();
        if (kind != DistanceKind.NegativeDot)
        {
            halves.AssertSound();
            Assert.InRange(halves.Recall(queries, 128), 0.97, 1);
        }

        void AssertAlike()
        {
            halves.AssertSameLinks(floats);
            foreach (float[] query in queries)
            {
                Assert.Equal(floats.Search(query, 10, 40), halves.Search(query, 10, 40));
                Assert.Equal(floats.Search(query, 10, 40, floats.Bitmap(o => o % 5 == 0)), halves.Search(query, 10, 40, halves.Bitmap(o => o % 5 == 0)));
                Assert.Equal(floats.SearchExact(query, 10), halves.SearchExact(query, 10));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Restore_Halves_AnswersAndGoesOnAsTheOriginal(DistanceKind kind, CodeKind codes)
    {
        var source = new ClusteredVectors(33, 52);
        using var original = TestIndex.Build(source.Next(400), kind, codes: codes, useHalves: true);
        using TestIndex restored = original.Restore();
        float[][] queries = source.Next(20);
        foreach (float[] vector in source.Next(60))
        {
            Assert.Equal(original.Insert(vector), restored.Insert(vector));
        }

        original.AssertSameLinks(restored);
        Assert.All(queries, query => Assert.Equal(original.Search(query, 10, 40), restored.Search(query, 10, 40)));
        Assert.All(queries, query => Assert.Equal(original.SearchExact(query, 10), restored.SearchExact(query, 10)));
    }

    [Fact]
    public void CopyVector_Halves_IsEachElementRoundedToEven()
    {
        // The greatest, the least there is, what rounds to it and to zero, ties, and both zeros.
        float[] edges =
        [
            65504, -65504, 6.1035156e-5f, 5.9604645e-8f, 2.9802326e-8f, 2.9802322e-8f, 1e-30f, 1 + (1f / 2048), 1 + (3f / 2048), 2049, 2051, 0, -0f,
        ];
        foreach (DistanceKind kind in Enum.GetValues<DistanceKind>())
        {
            for (int dimension = 1; dimension <= 130; dimension++)
            {
                float[] vector = [.. edges.Concat(new ClusteredVectors(dimension, dimension).Next()).Take(dimension)];
                using var index = TestIndex.Build([vector, vector], kind, codes: (CodeKind)(dimension % 3), useHalves: true);
                Assert.Equal(Bits(TestIndex.Rounded(vector)), Bits(index.Vector(1)));
            }
        }

        static int[] Bits(float[] vector) => Array.ConvertAll(vector, BitConverter.SingleToInt32Bits);
    }

    [Fact]
    public void CopyVector_SpanOfAnotherLength_Throws()
    {
        using var index = TestIndex.Build([[1, 2, 3]], useHalves: true);
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Index.CopyVector(0, new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Index.CopyVector(0, new float[4]));
    }

    [Theory]
    [InlineData(96, DistanceKind.SquaredEuclidean, 192)]
    [InlineData(97, DistanceKind.NegativeDot, 256)]
    [InlineData(96, DistanceKind.NegativeCosine, 256)]
    [InlineData(97, DistanceKind.NegativeCosine, 320)]
    public void VectorBytes_Halves_AreTwoAnElementRoundedUpToALine(int dimension, DistanceKind kind, int bytes)
    {
        using var index = TestIndex.Build([new float[dimension]], kind, useHalves: true);
        Assert.Equal(bytes, index.Index.Store.VectorBytes);
    }

    [Theory]
    [InlineData(CodeKind.None)]
    [InlineData(CodeKind.Int8)]
    [InlineData(CodeKind.Int4)]
    public void Search_HalvesAfterWarmUp_AllocatesNothing(CodeKind codes)
    {
        var source = new ClusteredVectors(40, 53);
        using var index = TestIndex.Build(source.Next(500), codes: codes, useHalves: true);
        float[][] queries = source.Next(20);
        using ScratchPool.Scope scope = index.Scratches.Rent();
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run()
        {
            foreach (float[] query in queries)
            {
                index.Index.Search(query, new SearchEffort(10, 64), null, scope.Scratch, CancellationToken.None);
                index.Index.SearchExact(query, 10, null, scope.Scratch, CancellationToken.None);
            }
        }
    }
}
