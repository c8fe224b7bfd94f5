using AnnServer.Core.Graph;

namespace AnnServer.Core.Tests.Graph;

public sealed class LayerAssignmentTests
{
    [Theory]
    [InlineData(4, 1ul)]
    [InlineData(16, 2ul)]
    [InlineData(32, 0ul)]
    [InlineData(128, ulong.MaxValue)]
    public void TopLayer_ManyNodes_FallsByTheFactorMPerLayer(int m, ulong seed)
    {
        const int Nodes = 200_000;
        var layers = new LayerAssignment(m, seed);
        int[] reach = new int[LayerAssignment.MaxLayer + 1];
        for (uint ordinal = 0; ordinal < Nodes; ordinal++)
        {
            for (int layer = layers.TopLayer(ordinal); layer >= 0; layer--)
            {
                reach[layer]++;
            }
        }

        Assert.Equal(Nodes, reach[0]);
        double share = 1;
        for (int layer = 1; layer <= LayerAssignment.MaxLayer; layer++)
        {
            share /= m;
            double expected = Nodes * share;

            // Five standard deviations of a binomial count, and a few for counts too small to be normal.
            double bound = (5 * Math.Sqrt(expected)) + 5;
            Assert.InRange(reach[layer], expected - bound, expected + bound);
        }
    }

    /// <summary>The layers of even and odd, near and far ordinals must not go together, or rows above layer 0 would be clustered.</summary>
    [Fact]
    public void TopLayer_NeighbouringOrdinals_AreIndependent()
    {
        const uint Nodes = 100_000;
        var layers = new LayerAssignment(4, 7);
        int both = 0;
        for (uint ordinal = 0; ordinal < Nodes; ordinal++)
        {
            both += layers.TopLayer(ordinal) > 0 && layers.TopLayer(ordinal + 1) > 0 ? 1 : 0;
        }

        double expected = Nodes / 16.0;
        Assert.InRange(both, expected - (6 * Math.Sqrt(expected)), expected + (6 * Math.Sqrt(expected)));
    }

    [Fact]
    public void TopLayer_SameSeed_IsTheSame()
    {
        var first = new LayerAssignment(16, 99);
        var second = new LayerAssignment(16, 99);
        var other = new LayerAssignment(16, 100);
        int differences = 0;
        for (uint ordinal = 0; ordinal < 10_000; ordinal++)
        {
            Assert.Equal(first.TopLayer(ordinal), second.TopLayer(ordinal));
            differences += first.TopLayer(ordinal) == other.TopLayer(ordinal) ? 0 : 1;
        }

        Assert.InRange(differences, 500, 2_000);
        Assert.InRange(first.TopLayer(uint.MaxValue), 0, LayerAssignment.MaxLayer);
    }

    /// <summary>Stored graphs depend on these: another assignment would leave rows on layers their nodes do not reach.</summary>
    [Fact]
    public void TopLayer_FixedSeed_NeverChanges()
    {
        var layers = new LayerAssignment(4, 42);
        string tops = string.Concat(Enumerable.Range(0, 64).Select(ordinal => layers.TopLayer((uint)ordinal)));
        Assert.Equal("0100201000100001101001001000000000001001010000110001102000020002", tops);
    }
}
