using AnnServer.Core.Graph;

namespace AnnServer.Core.Tests.Graph;

public sealed class RestoreTests
{
    [Fact]
    public void Insert_SameOrderByOneThread_GivesTheSameGraph()
    {
        float[][] vectors = new ClusteredVectors(24, 3).Next(1_200);
        using var first = TestIndex.Build(vectors);
        using var second = TestIndex.Build(vectors);
        first.AssertSameLinks(second);
    }

    [Theory]
    [InlineData(DistanceKind.SquaredEuclidean)]
    [InlineData(DistanceKind.NegativeCosine)]
    public void CompleteRestore_RowsCopied_AnswersAndGoesOnAsTheOriginal(DistanceKind kind)
    {
        var source = new ClusteredVectors(24, 4);
        using var original = TestIndex.Build(source.Next(1_000), kind);

        // Free slots from a sweep, some in the middle and the last ones, then hidden points, the entry point among them.
        HideWhere(original, ordinal => ordinal % 11 == 0 || ordinal > 980);
        original.Sweep();
        HideWhere(original, ordinal => ordinal % 13 == 0);
        Assert.True(original.Index.TryGetEntry(out uint entry));
        if (original.Index.IsLive(entry))
        {
            original.Hide(entry);
        }

        using TestIndex restored = original.Restore();
        restored.AssertSound();
        Assert.Equal(original.Index.LiveCount, restored.Index.LiveCount);
        Assert.Equal(original.Index.HiddenCount, restored.Index.HiddenCount);
        original.AssertSameLinks(restored);
        foreach (float[] query in source.Next(50))
        {
            Assert.Equal(original.Search(query, 10, 40), restored.Search(query, 10, 40));
            Assert.Equal(original.SearchExact(query, 10), restored.SearchExact(query, 10));
        }

        foreach (float[] vector in source.Next(150))
        {
            Assert.Equal(original.Insert(vector), restored.Insert(vector));
        }

        original.AssertSameLinks(restored);
        original.Sweep();
        restored.Sweep();
        original.AssertSameLinks(restored);
        foreach (float[] vector in source.Next(150))
        {
            Assert.Equal(original.Insert(vector), restored.Insert(vector));
        }

        original.AssertSameLinks(restored);
        restored.AssertSound();
    }

    [Fact]
    public void CompleteRestore_EverythingHidden_StartsAfresh()
    {
        var source = new ClusteredVectors(8, 5);
        using var original = TestIndex.Build(source.Next(50));
        HideWhere(original, _ => true);
        using TestIndex restored = original.Restore();
        foreach (float[] vector in source.Next(50))
        {
            Assert.Equal(original.Insert(vector), restored.Insert(vector));
        }

        original.AssertSameLinks(restored);
        restored.AssertSound();
    }

    [Fact]
    public void RestoreNode_Twice_CountsThePointOnce()
    {
        using var index = new TestIndex(4);
        index.Index.RestoreNode(0, [1, 2, 3, 4]);
        index.Index.RestoreNode(0, [1, 2, 3, 4]);
        Assert.Equal(1, index.Index.LiveCount);
    }

    [Fact]
    public void IsValidRow_RowsThatCannotBe_IsFalse()
    {
        using var index = TestIndex.Build(new ClusteredVectors(4, 6).Next(20), m: 4);
        for (uint ordinal = 0; ordinal < 20; ordinal++)
        {
            int top = index.Index.TopLayer(ordinal);
            Assert.True(index.Index.IsValidRow(new RowKey(ordinal, top), 4));
            Assert.False(index.Index.IsValidRow(new RowKey(ordinal, top + 1), 0));
            Assert.False(index.Index.IsValidRow(new RowKey(ordinal, -1), 0));
            Assert.True(index.Index.IsValidRow(new RowKey(ordinal, 0), 8));
            Assert.False(index.Index.IsValidRow(new RowKey(ordinal, 0), 9));
        }

        Assert.False(index.Index.IsValidRow(new RowKey(20, 0), 0));
        Assert.False(index.Index.IsValidRow(new RowKey(uint.MaxValue, 0), 0));
    }

    private static void HideWhere(TestIndex index, Func<uint, bool> condition)
    {
        foreach (uint ordinal in index.Points.Keys.Where(condition).ToList())
        {
            index.Hide(ordinal);
        }
    }
}
