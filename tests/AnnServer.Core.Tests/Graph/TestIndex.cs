using AnnServer.Core.Filtering;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;

namespace AnnServer.Core.Tests.Graph;

/// <summary>An index driven as the engine drives it, with a plain copy of what it should hold.</summary>
internal sealed class TestIndex : IDisposable
{
    private readonly List<uint> _hidden = [];

    public TestIndex(int dimension, DistanceKind distance = DistanceKind.SquaredEuclidean, int m = 12, int efConstruction = 100, uint maxNodes = 20_000)
        : this(new GraphParameters(dimension, distance, m, efConstruction, 42, maxNodes))
    {
    }

    public TestIndex(GraphParameters parameters) => Index = VectorIndex.Create(parameters);

    public VectorIndex Index { get; }

    public ScratchPool Scratches { get; } = new();

    /// <summary>The vectors of the points that can be found, as they are kept.</summary>
    public SortedDictionary<uint, float[]> Points { get; } = [];

    public IReadOnlyList<uint> Hidden => _hidden;

    public static TestIndex Build(float[][] vectors, DistanceKind distance = DistanceKind.SquaredEuclidean, int m = 12, CodeKind codes = CodeKind.None, bool useHalves = false)
    {
        var index = new TestIndex(new GraphParameters(vectors[0].Length, distance, m, 100, 42, 20_000) { Codes = codes, UseHalves = useHalves });
        foreach (float[] vector in vectors)
        {
            index.Insert(vector);
        }

        return index;
    }

    /// <summary>Of 8-bit codes, whose points have been divided among parts.</summary>
    public static TestIndex Divided(float[][] vectors, DistanceKind distance = DistanceKind.SquaredEuclidean)
    {
        TestIndex index = Build(vectors, distance, codes: CodeKind.Int8);
        Assert.True(index.Index.WantsPartitions);
        Assert.True(index.Index.Divide(index.Scratches, static () => false, out _, CancellationToken.None));
        Assert.True(index.Index.HasPartitions);
        Assert.False(index.Index.WantsPartitions);
        return index;
    }

    public static float[] Rounded(float[] vector) => Array.ConvertAll(vector, element => (float)(Half)element);

    /// <summary>The vector of an ordinal as the index gives it back.</summary>
    public float[] Vector(uint ordinal)
    {
        float[] vector = new float[Index.Parameters.Dimension];
        Index.CopyVector(ordinal, vector);
        return vector;
    }

    public uint Insert(float[] vector)
    {
        Assert.True(Index.TryReserve(out uint ordinal));
        using ScratchPool.Scope scope = Scratches.Rent();
        Index.Plan(ordinal, vector, scope.Scratch);
        Index.Commit(scope.Scratch);
        Points.Add(ordinal, Index.Parameters.UseHalves ? Rounded(vector) : vector);
        return ordinal;
    }

    public void Hide(uint ordinal)
    {
        Index.Hide(ordinal);
        Assert.True(Points.Remove(ordinal));
        _hidden.Add(ordinal);
    }

    /// <summary>The same index, put together from the rows of this one as a replay does it.</summary>
    public TestIndex Restore()
    {
        var restored = new TestIndex(Index.Parameters);
        foreach (uint ordinal in Points.Keys.Concat(_hidden).Order())
        {
            restored.Index.RestoreNode(ordinal, Vector(ordinal));
            restored.Points.Add(ordinal, Vector(ordinal));
        }

        foreach (RowKey row in Rows().Where(row => row.Ordinal < restored.Index.SlotCount))
        {
            Assert.True(restored.Index.IsValidRow(row, Index.Links(row).Length));
            restored.Index.RestoreLinks(row, Index.Links(row));
        }

        foreach (uint ordinal in _hidden)
        {
            restored.Hide(ordinal);
        }

        if (Index.TryGetEntry(out uint entry))
        {
            restored.Index.RestoreEntry(entry);
        }

        restored.Index.CompleteRestore(_hidden.ToHashSet());
        return restored;
    }

    /// <summary>Unlinks every hidden point from every row and gives its slot back.</summary>
    public void Sweep()
    {
        using (ScratchPool.Scope scope = Scratches.Rent())
        {
            foreach (RowKey row in Rows())
            {
                if (Index.PlanRepair(row, scope.Scratch))
                {
                    Index.CommitRepair(scope.Scratch);
                }
            }

            var reached = new OrdinalBitmap();
            foreach (uint ordinal in GraphAudit.FindUnreachable(Index, reached))
            {
                if (reached.Contains(ordinal))
                {
                    continue;
                }

                Index.PlanRelink(ordinal, scope.Scratch);
                if (Index.CommitRelink(scope.Scratch))
                {
                    GraphAudit.Reach(Index, ordinal, reached);
                }
            }
        }

        uint[] forgotten = [.. _hidden];
        foreach (RowKey row in Rows())
        {
            Assert.False(Index.Links(row).ContainsAny(forgotten));
        }

        Index.Forget(forgotten);
        Assert.True(Scratches.WaitForReaders(TestContext.Current.CancellationToken));
        Index.Release(forgotten);
        _hidden.Clear();
    }

    /// <summary>Every row there is, whether or not its node is live.</summary>
    public List<RowKey> Rows()
    {
        var rows = new List<RowKey>();
        for (uint ordinal = 0; ordinal < Index.SlotCount; ordinal++)
        {
            for (int layer = Index.TopLayer(ordinal); layer >= 0; layer--)
            {
                rows.Add(new RowKey(ordinal, layer));
            }
        }

        return rows;
    }

    public List<Candidate> Search(float[] query, int k, int ef, OrdinalBitmap? accept = null)
    {
        using ScratchPool.Scope scope = Scratches.Rent();
        Assert.True(Index.Search(query, new SearchEffort(k, ef), accept, scope.Scratch, TestContext.Current.CancellationToken));
        return Results(scope.Scratch, k);
    }

    public List<Candidate> SearchExact(float[] query, int k, OrdinalBitmap? accept = null)
    {
        using ScratchPool.Scope scope = Scratches.Rent();
        Index.SearchExact(query, k, accept, scope.Scratch, TestContext.Current.CancellationToken);
        return Results(scope.Scratch, k);
    }

    /// <summary>Share of the true 10 nearest that searches return; a tie with the tenth counts.</summary>
    public double Recall(float[][] queries, int ef, Func<uint, bool>? accepts = null)
    {
        OrdinalBitmap? accept = accepts is null ? null : Bitmap(accepts);
        DistanceKind kind = Index.Parameters.Distance;
        int found = 0;
        int wanted = 0;
        foreach (float[] query in queries)
        {
            List<(double Distance, uint Ordinal)> truth = Oracle.Nearest(
                kind, Points.Where(point => accepts is null || accepts(point.Key)), query, 10);
            double bound = truth[^1].Distance + 1e-5;
            wanted += truth.Count;
            foreach (Candidate hit in Search(query, 10, ef, accept))
            {
                found += Oracle.Distance(kind, query, Points[hit.Ordinal]) <= bound ? 1 : 0;
            }
        }

        return found / (double)wanted;
    }

    /// <summary>The live points that satisfy the condition.</summary>
    public OrdinalBitmap Bitmap(Func<uint, bool> accepts)
    {
        var bitmap = new OrdinalBitmap();
        bitmap.Reset((int)Index.SlotCount);
        foreach (uint ordinal in Points.Keys.Where(accepts))
        {
            bitmap.Add(ordinal);
        }

        return bitmap;
    }

    /// <summary>What holds for every graph at rest.</summary>
    public void AssertSound()
    {
        Assert.Empty(GraphAudit.FindFaults(Index));
        Assert.Empty(GraphAudit.FindUnreachable(Index));
        Assert.Equal(Points.Count, Index.LiveCount);
        Assert.Equal(_hidden.Count, Index.HiddenCount);
        foreach (RowKey row in Rows())
        {
            Assert.InRange(Index.Links(row).Length, 0, Index.Parameters.MaxLinks(row.Layer));
        }
    }

    public void AssertSameLinks(TestIndex other)
    {
        Assert.Equal(Index.TryGetEntry(out uint entry), other.Index.TryGetEntry(out uint otherEntry));
        Assert.Equal(entry, otherEntry);
        Assert.Equal(Points.Keys, other.Points.Keys);
        foreach (uint ordinal in Points.Keys)
        {
            for (int layer = Index.TopLayer(ordinal); layer >= 0; layer--)
            {
                Assert.Equal(Index.Links(new RowKey(ordinal, layer)), other.Index.Links(new RowKey(ordinal, layer)));
            }
        }
    }

    public void Dispose() => Index.Dispose();

    private static List<Candidate> Results(SearchScratch scratch, int k)
    {
        var results = new List<Candidate>();
        for (int i = 0; i < Math.Min(k, scratch.ResultCount); i++)
        {
            results.Add(scratch.Result(i));
        }

        return results;
    }
}
