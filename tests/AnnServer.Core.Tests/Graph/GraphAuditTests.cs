using AnnServer.Core.Graph;

namespace AnnServer.Core.Tests.Graph;

/// <summary>The audit judges other tests, so it is shown graphs that are broken.</summary>
public sealed class GraphAuditTests
{
    [Fact]
    public void FindFaults_LinkToItself_IsFound() => AssertFault("itself", (row, links) => [.. links[1..], row.Ordinal]);

    [Fact]
    public void FindFaults_LinkTwice_IsFound() => AssertFault("twice", (_, links) => [.. links[1..], links[1]]);

    [Fact]
    public void FindFaults_LinkBeyondTheSlots_IsFound() => AssertFault("beyond", (_, links) => [.. links[1..], 5_000]);

    [Fact]
    public void FindFaults_LinkToANodeBelowTheLayer_IsFound()
    {
        using var index = TestIndex.Build(new ClusteredVectors(4, 31).Next(100), m: 4);
        uint high = index.Points.Keys.First(ordinal => index.Index.TopLayer(ordinal) > 0);
        uint low = index.Points.Keys.First(ordinal => index.Index.TopLayer(ordinal) == 0);
        index.Index.RestoreLinks(new RowKey(high, 1), [low]);
        Assert.Contains("does not reach", Assert.Single(GraphAudit.FindFaults(index.Index)));
    }

    [Fact]
    public void FindFaults_LinkToAForgottenNode_IsFound()
    {
        using var index = TestIndex.Build(new ClusteredVectors(4, 32).Next(100));
        index.Index.TryGetEntry(out uint entry);
        uint other = entry == 50 ? 51u : 50u;
        index.Hide(other);
        Assert.Empty(GraphAudit.FindFaults(index.Index));
        index.Index.Forget([other]);
        Assert.Contains(GraphAudit.FindFaults(index.Index), fault => fault.Contains("neither live nor hidden", StringComparison.Ordinal));
    }

    [Fact]
    public void FindFaults_NoEntryPoint_IsFound()
    {
        using var index = TestIndex.Build(new ClusteredVectors(4, 33).Next(10));
        index.Index.Store.ClearEntry();
        Assert.Contains("no entry point", Assert.Single(GraphAudit.FindFaults(index.Index)));
    }

    [Fact]
    public void FindUnreachable_IslandOfTwo_IsFound()
    {
        using var index = TestIndex.Build(new ClusteredVectors(4, 34).Next(60));
        index.Index.TryGetEntry(out uint entry);
        uint[] island = [.. new uint[] { 10, 20, 30 }.Where(ordinal => ordinal != entry).Take(2)];
        foreach (RowKey row in index.Rows())
        {
            uint[] links = index.Index.Links(row).ToArray();
            index.Index.RestoreLinks(row, [.. links.Where(link => island.Contains(row.Ordinal) == island.Contains(link))]);
        }

        index.Index.RestoreLinks(new RowKey(island[0], 0), [island[1]]);
        index.Index.RestoreLinks(new RowKey(island[1], 0), [island[0]]);
        Assert.Equal(island, GraphAudit.FindUnreachable(index.Index));
        Assert.Empty(GraphAudit.FindFaults(index.Index));
    }

    [Fact]
    public void Count_SoundGraph_AgreesWithItsRows()
    {
        using var index = TestIndex.Build(new ClusteredVectors(4, 35).Next(300), m: 4);
        GraphCounts counts = Count(index);

        Assert.Equal((0, 0), (counts.Unreachable, counts.Dangling));
        Assert.Equal(index.Index.MaxLayer + 1, counts.Layers.Count);
        for (int layer = 0; layer < counts.Layers.Count; layer++)
        {
            RowKey[] rows = [.. index.Rows().Where(row => row.Layer == layer)];
            var links = rows.SelectMany(row => index.Index.Links(row).ToArray().Select(link => (row.Ordinal, link))).ToHashSet();
            Assert.Equal(
                new LayerCounts(
                    rows.Length,
                    links.Count,
                    links.Count(link => !links.Contains((link.link, link.Ordinal))),
                    rows.Max(row => index.Index.Links(row).Length)),
                counts.Layers[layer]);
        }
    }

    [Fact]
    public void Count_DamagedGraph_CountsIslandsAndLinksThatDangle()
    {
        using var index = TestIndex.Build(new ClusteredVectors(4, 36).Next(60));
        index.Index.TryGetEntry(out uint entry);
        uint island = entry == 20 ? 21u : 20u;
        uint forgotten = entry == 30 ? 31u : 30u;
        foreach (RowKey row in index.Rows())
        {
            index.Index.RestoreLinks(row, [.. index.Index.Links(row).ToArray().Where(link => link != island && link != forgotten)]);
        }

        index.Hide(forgotten);
        index.Index.RestoreLinks(new RowKey(island, 0), [entry, forgotten]);

        GraphCounts counts = Count(index);
        Assert.Equal((1, 1), (counts.Unreachable, counts.Dangling));
    }

    [Fact]
    public void Count_Cancelled_IsGivenUp()
    {
        using var index = TestIndex.Build(new ClusteredVectors(4, 37).Next(10));
        Assert.Throws<OperationCanceledException>(
            () => GraphAudit.Count(index.Index, index.Bitmap(_ => true), (_, _) => false, new CancellationToken(canceled: true)));
    }

    // Every slot that is not live counts as one that no point has.
    private static GraphCounts Count(TestIndex index) =>
        GraphAudit.Count(index.Index, index.Bitmap(_ => true), (_, link) => !index.Index.IsLive(link), TestContext.Current.CancellationToken);

    private static void AssertFault(string expected, Func<RowKey, uint[], uint[]> damage)
    {
        using var index = TestIndex.Build(new ClusteredVectors(4, 30).Next(100));
        Assert.Empty(GraphAudit.FindFaults(index.Index));
        var row = new RowKey(42, 0);
        index.Index.RestoreLinks(row, damage(row, index.Index.Links(row).ToArray()));
        string fault = Assert.Single(GraphAudit.FindFaults(index.Index));
        Assert.Contains("node 42 layer 0", fault);
        Assert.Contains(expected, fault);
    }
}
