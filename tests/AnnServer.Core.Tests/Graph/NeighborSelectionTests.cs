using AnnServer.Core.Graph;
using AnnServer.Core.Kernels;
using AnnServer.Core.Memory;
using AnnServer.Core.Search;
using CsCheck;

namespace AnnServer.Core.Tests.Graph;

/// <summary>Integer coordinates keep every distance exact, so that the naive rule must give the very same nodes.</summary>
public sealed class NeighborSelectionTests
{
    private const int Dimension = 5;
    private const int M = 4;

    /// <summary>Under it the first nodes reach layer 1, so that rows there can be tested.</summary>
    private static readonly ulong Seed = FindSeed();

    private static readonly Gen<float[][]> GenVectors =
        Gen.Int[-4, 4].Select(value => (float)value).Array[Dimension].Array[2, 60];

    [Fact]
    public void Select_SquaredEuclidean_AgreesWithTheNaiveRule() => GenVectors.Sample(vectors =>
        AssertSelects<SquaredEuclidean>(DistanceKind.SquaredEuclidean, vectors));

    [Fact]
    public void Select_NegativeDot_AgreesWithTheNaiveRule() => GenVectors.Sample(vectors =>
        AssertSelects<NegativeDot>(DistanceKind.NegativeDot, vectors));

    [Fact]
    public void Extend_RowWithRoom_Appends() => Gen.Select(GenVectors, Gen.Int[0, (2 * M) - 1]).Sample((vectors, length) =>
    {
        using GraphStore store = Store(DistanceKind.SquaredEuclidean, vectors);
        length = Math.Min(length, vectors.Length - 2);
        uint[] before = Ordinals(1, length);
        var after = new List<uint>();
        new NeighborSelection().Extend<FullRows<SquaredEuclidean, float>>(store, 0, 0, before, (uint)vectors.Length - 1, after);
        Assert.Equal([.. before, (uint)vectors.Length - 1], after);
    });

    [Theory]
    [InlineData(0, 2 * M)]
    [InlineData(1, M)]
    public void Extend_FullRow_KeepsWhatTheNaiveRuleKeepsAndWhatNothingElseLeadsTo(int layer, int capacity) => Gen.Select(
        Gen.Int[-4, 4].Select(value => (float)value).Array[Dimension].Array[capacity + 2],
        Gen.UInt[0, (uint)capacity + 1].Array[0, M].Array[capacity + 2]).Sample((vectors, rows) =>
        {
            using GraphStore store = Store(DistanceKind.SquaredEuclidean, vectors);
            uint added = (uint)capacity + 1;
            for (uint node = 1; node <= added; node++)
            {
                rows[node] = [.. rows[node].Where(_ => store.TopLayer(node) >= layer)];
                if (store.TopLayer(node) >= layer)
                {
                    store.WriteLinks(node, layer, rows[node]);
                }
            }

            var after = new List<uint>();
            new NeighborSelection().Extend<FullRows<SquaredEuclidean, float>>(store, 0, layer, Ordinals(1, capacity), added, after);

            // Of equals the added node comes first, then the greatest ordinal.
            List<uint> candidates = [.. Ordinals(1, capacity + 1).OrderBy(node => Squared(vectors, 0, node))
                .ThenBy(node => node != added).ThenByDescending(node => node)];
            List<uint> kept = Naive(DistanceKind.SquaredEuclidean, vectors, 0, [], candidates, capacity);
            bool IsLed(uint node) => kept.Exists(other => other != node && rows[other].Contains(node));
            foreach (uint candidate in candidates.Where(candidate => !kept.Contains(candidate) && !IsLed(candidate)))
            {
                int superfluous = kept.Count < capacity ? kept.Count : kept.FindLastIndex(IsLed);
                if (superfluous >= 0)
                {
                    kept.RemoveRange(superfluous, kept.Count < capacity ? 0 : 1);
                    kept.Add(candidate);
                }
            }

            Assert.Equal(kept, after);
        });

    [Fact]
    public void Extend_RowFullOfEqualVectors_TakesTheAddedNode()
    {
        float[][] vectors = [.. Enumerable.Repeat(new float[Dimension], 30)];
        using GraphStore store = Store(DistanceKind.SquaredEuclidean, vectors);
        var after = new List<uint>();
        new NeighborSelection().Extend<FullRows<SquaredEuclidean, float>>(store, 0, 0, Ordinals(2, 2 * M), 1, after);
        Assert.Equal(2 * M, after.Count);
        Assert.Contains(1u, after);
    }

    [Fact]
    public void Repair_SomeMembersHidden_KeepsTheOthersAndAddsDiverseNodesBehindTheHidden() => GenRepair.Sample(sample =>
    {
        (float[][] vectors, uint[][] rows, bool[] hidden) = sample;
        using GraphStore store = Store(DistanceKind.SquaredEuclidean, vectors);
        for (uint node = 0; node < rows.Length; node++)
        {
            rows[node] = [.. rows[node].Where(link => link != node).Distinct()];
            store.WriteLinks(node, 0, rows[node]);
            store.SetLive(node, true);
        }

        for (uint node = 1; node < rows.Length; node++)
        {
            if (hidden[node])
            {
                store.SetLive(node, false);
            }
        }

        var after = new List<uint>();
        new NeighborSelection().Repair<FullRows<SquaredEuclidean, float>>(store, 0, 0, rows[0], after);

        List<uint> standing = [.. rows[0].Where(node => !hidden[node]).OrderBy(node => Squared(vectors, 0, node)).ThenByDescending(node => node)];
        List<uint> behind = [.. rows[0].Where(node => hidden[node]).SelectMany(node => rows[node])
            .Where(node => node != 0 && !hidden[node] && !rows[0].Contains(node)).Distinct()
            .OrderBy(node => Squared(vectors, 0, node)).ThenByDescending(node => node)];
        Assert.Equal(Naive(DistanceKind.SquaredEuclidean, vectors, 0, standing, behind, rows[0].Length), after);
        Assert.All(after, node => Assert.False(hidden[node]));
        Assert.Equal(after.Count, after.Distinct().Count());
        Assert.InRange(after.Count, standing.Count, rows[0].Length);
    });

    private static readonly Gen<(float[][] Vectors, uint[][] Rows, bool[] Hidden)> GenRepair = Gen.Int[3, 30].SelectMany(count => Gen.Select(
        Gen.Int[-4, 4].Select(value => (float)value).Array[Dimension].Array[count],
        Gen.UInt[0, (uint)count - 1].Array[0, 2 * M].Array[count],
        Gen.Bool.Array[count].Select(hidden => (bool[])[false, .. hidden[1..]]),
        (vectors, rows, hidden) => (vectors, rows, hidden)));

    private static void AssertSelects<TKernel>(DistanceKind kind, float[][] vectors)
        where TKernel : struct, IDistanceKernel
    {
        using GraphStore store = Store(kind, vectors);
        for (int count = 1; count <= 12; count += 3)
        {
            var selection = new NeighborSelection();
            for (uint node = 1; node < vectors.Length; node++)
            {
                selection.Candidates.Add(new Candidate((float)Oracle.Distance(kind, vectors[0], vectors[node]), node));
            }

            NeighborSelection.SortByDistance(selection.Candidates);
            List<uint> candidates = [.. selection.Candidates.Select(candidate => candidate.Ordinal)];
            Assert.Equal(
                Ordinals(1, vectors.Length - 1).OrderBy(node => Oracle.Distance(kind, vectors[0], vectors[node])).ThenByDescending(node => node),
                candidates);
            selection.Select<FullRows<TKernel, float>>(store, count);
            Assert.Equal(
                Naive(kind, vectors, 0, [], candidates, count),
                selection.Kept.Select(candidate => candidate.Ordinal));
        }
    }

    /// <summary>Algorithm 4 of arXiv 1603.09320, written down plainly; a candidate at equal distances is kept.</summary>
    private static List<uint> Naive(DistanceKind kind, float[][] vectors, uint owner, List<uint> kept, List<uint> candidates, int count)
    {
        var result = new List<uint>(kept);
        foreach (uint candidate in candidates)
        {
            double toOwner = Oracle.Distance(kind, vectors[owner], vectors[candidate]);
            if (result.Count < count && result.TrueForAll(other => Oracle.Distance(kind, vectors[candidate], vectors[other]) >= toOwner))
            {
                result.Add(candidate);
            }
        }

        return result;
    }

    private static double Squared(float[][] vectors, uint a, uint b) =>
        Oracle.Distance(DistanceKind.SquaredEuclidean, vectors[a], vectors[b]);

    private static uint[] Ordinals(int first, int count) => [.. Enumerable.Range(first, count).Select(ordinal => (uint)ordinal)];

    private static GraphStore Store(DistanceKind kind, float[][] vectors)
    {
        var store = new GraphStore(new GraphParameters(Dimension, kind, M, M, Seed, 64));
        for (uint node = 0; node < vectors.Length; node++)
        {
            store.EnsureSlot(node);
            store.WriteVector(node, vectors[node], new AlignedBuffer<float>());
        }

        return store;
    }

    private static ulong FindSeed()
    {
        ulong seed = 0;
        for (uint node = 0; node < 4;)
        {
            node = new LayerAssignment(M, seed).TopLayer(node) == 0 ? 0 : node + 1;
            seed += node == 0 ? 1UL : 0;
        }

        return seed;
    }
}
