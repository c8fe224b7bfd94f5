using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

public sealed class ChurnTests
{
    [Fact]
    public void Hide_SomePoints_AreInNoAnswerFromThenOn()
    {
        var source = new ClusteredVectors(16, 7);
        using var index = TestIndex.Build(source.Next(600));
        foreach (float[] query in source.Next(60))
        {
            uint nearest = index.Search(query, 1, 50)[0].Ordinal;
            index.Hide(nearest);
            Assert.False(index.Index.IsLive(nearest));
            Assert.DoesNotContain(nearest, index.Search(query, 20, 50).Select(hit => hit.Ordinal));
            Assert.DoesNotContain(nearest, index.SearchExact(query, 20).Select(hit => hit.Ordinal));
        }

        Assert.InRange(index.Recall(source.Next(50), 64), 0.98, 1);
        var live = new OrdinalBitmap();
        index.Index.CopyLive(live);
        Assert.Equal(index.Points.Keys, Members(live));
    }

    [Fact]
    public void Hide_Twice_CountsOnce()
    {
        using var index = TestIndex.Build(new ClusteredVectors(4, 8).Next(3));
        index.Index.Hide(1);
        index.Index.Hide(1);
        Assert.Equal(2, index.Index.LiveCount);
        Assert.Equal(1, index.Index.HiddenCount);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Insert_AfterEverythingWasHidden_FindsOnlyTheNewPoints(bool sweepFirst)
    {
        var source = new ClusteredVectors(8, 9);
        using var index = TestIndex.Build(source.Next(200));
        foreach (uint ordinal in index.Points.Keys.ToList())
        {
            index.Hide(ordinal);
        }

        float[] query = source.Next();
        Assert.Empty(index.Search(query, 10, 50));
        Assert.Empty(index.SearchExact(query, 10));
        if (sweepFirst)
        {
            index.Sweep();
            Assert.Empty(index.Search(query, 10, 50));
        }

        foreach (float[] vector in source.Next(300))
        {
            uint ordinal = index.Insert(vector);
            Assert.Equal(ordinal, index.Search(vector, 1, 50)[0].Ordinal);
        }

        index.AssertSound();
        index.Sweep();
        index.AssertSound();
        Assert.InRange(index.Recall(source.Next(50), 64), 0.98, 1);
    }

    [Fact]
    public void Forget_EntryPoint_LeavesALiveOneThatReachesHighest()
    {
        var source = new ClusteredVectors(16, 10);
        using var index = TestIndex.Build(source.Next(800), m: 4);
        float[][] queries = source.Next(50);
        for (int round = 0; round < 12; round++)
        {
            Assert.True(index.Index.TryGetEntry(out uint entry));
            index.Hide(entry);
            Assert.DoesNotContain(entry, index.Search(index.Vector(entry), 10, 50).Select(hit => hit.Ordinal));
            index.Sweep();
            index.AssertSound();
            Assert.True(index.Index.TryGetEntry(out uint moved));
            uint expected = index.Points.Keys.OrderByDescending(index.Index.TopLayer).ThenBy(ordinal => ordinal).First();
            Assert.Equal(expected, moved);
            Assert.Equal(index.Index.TopLayer(moved), index.Index.MaxLayer);
        }

        Assert.InRange(index.Recall(queries, 64), 0.95, 1);
    }

    [Fact]
    public void Sweep_EveryPointReplacedInTenRounds_KeepsTheRecallOfAFreshBuild()
    {
        var source = new ClusteredVectors(24, 11);
        using var index = TestIndex.Build(source.Next(2_000));
        float[][] queries = source.Next(150);
        uint[][] rounds = [.. index.Points.Keys.OrderBy(ordinal => ordinal * 2_654_435_761u).Chunk(200)];
        foreach (uint[] round in rounds)
        {
            foreach (uint ordinal in round)
            {
                // Half of the new points come before a point is hidden and half after.
                if (ordinal % 2 == 0)
                {
                    index.Insert(source.Next());
                }

                index.Hide(ordinal);
                if (ordinal % 2 != 0)
                {
                    index.Insert(source.Next());
                }
            }

            index.Sweep();
            index.AssertSound();
        }

        Assert.Equal(2_000, index.Points.Count);
        Assert.InRange(index.Index.SlotCount, 2_000u, 2_500u);
        using var fresh = TestIndex.Build([.. index.Points.Values]);
        Assert.InRange(index.Recall(queries, 24), fresh.Recall(queries, 24) - 0.01, 1);
        Assert.InRange(index.Recall(queries, 64), fresh.Recall(queries, 64) - 0.01, 1);
    }

    [Fact]
    public void PlanRepair_RowWithoutHiddenMembers_IsFalse()
    {
        using var index = TestIndex.Build(new ClusteredVectors(8, 12).Next(100));
        using ScratchPool.Scope scope = index.Scratches.Rent();
        Assert.All(index.Rows(), row => Assert.False(index.Index.PlanRepair(row, scope.Scratch)));
    }

    [Fact]
    public void CommitRepair_MemberHiddenSinceThePlan_LeavesItOutToo()
    {
        using var index = TestIndex.Build(new ClusteredVectors(8, 13).Next(300));
        var row = new RowKey(17, 0);
        uint[] before = index.Index.Links(row).ToArray();
        index.Hide(before[0]);
        using ScratchPool.Scope scope = index.Scratches.Rent();
        Assert.True(index.Index.PlanRepair(row, scope.Scratch));
        foreach (uint member in before[1..^1])
        {
            index.Hide(member);
        }

        index.Index.CommitRepair(scope.Scratch);
        Assert.Equal([row], VectorIndex.ChangedRows(scope.Scratch));
        Assert.All(index.Index.Links(row).ToArray(), link => Assert.True(index.Index.IsLive(link)));
        Assert.Contains(before[^1], index.Index.Links(row).ToArray());
    }

    [Fact]
    public void CommitRelink_NodeThatNothingLinksTo_IsReachedAgain()
    {
        using var index = TestIndex.Build(new ClusteredVectors(8, 14).Next(400));
        const uint Lost = 123;
        foreach (RowKey row in index.Rows())
        {
            uint[] links = index.Index.Links(row).ToArray();
            index.Index.RestoreLinks(row, [.. links.Where(link => link != Lost)]);
        }

        Assert.Equal([Lost], GraphAudit.FindUnreachable(index.Index));
        using ScratchPool.Scope scope = index.Scratches.Rent();
        index.Index.PlanRelink(Lost, scope.Scratch);
        Assert.True(index.Index.CommitRelink(scope.Scratch));
        index.AssertSound();
        Assert.Contains(new RowKey(Lost, 0), VectorIndex.ChangedRows(scope.Scratch));
    }

    [Fact]
    public void Sweep_PointsThatOnlyUpperLayersLeadTo_AreReachedAgain()
    {
        // Two groups far apart, so that every descent ends in the one that is nearer.
        float[][] vectors = [.. new ClusteredVectors(8, 15).Next(400).Select((vector, i) => i % 2 == 0 ? vector : [.. vector.Select(x => x + 100)])];
        using var index = TestIndex.Build(vectors, m: 4);
        foreach (RowKey row in index.Rows().Where(row => row.Layer == 0))
        {
            index.Index.RestoreLinks(row, [.. index.Index.Links(row).ToArray().Where(link => link % 2 == row.Ordinal % 2)]);
        }

        Assert.Contains(index.Rows().Where(row => row.Layer > 0), row => index.Index.Links(row).ToArray().Any(link => link % 2 != row.Ordinal % 2));
        Assert.InRange(GraphAudit.FindUnreachable(index.Index).Count, 190, 210);
        index.Sweep();
        index.AssertSound();
    }

    private static List<uint> Members(OrdinalBitmap bitmap)
    {
        var members = new List<uint>();
        foreach (uint ordinal in bitmap)
        {
            members.Add(ordinal);
        }

        return members;
    }
}
