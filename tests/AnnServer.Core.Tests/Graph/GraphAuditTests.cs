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
