using AnnServer.Benchmarks.Compare.Data;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Tests;

public sealed class ExactNeighboursTests
{
    private const int Dimension = 24;
    private const int Depth = 10;

    // By number: the enumeration is internal, and a public test cannot take it.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Find_AnyScore_EqualsNaiveSort(int kind)
    {
        Check((ScoreKind)kind, Random(seed: 7, rows: 3000, centre: 0, spread: 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Find_RowsThatFloat32CannotTellApart_EqualsNaiveSort(int kind)
    {
        // All but parallel, and far from the middle: rounding hides more rows than are proposed.
        Check((ScoreKind)kind, Random(seed: 8, rows: 500, centre: 1000, spread: 1e-3f));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Find_EqualRows_AreOrderedByNumber(int kind)
    {
        float[] one = Random(seed: 9, rows: 40, centre: 0, spread: 1);

        Check((ScoreKind)kind, [.. one, .. one, .. one]);
    }

    [Fact]
    public void Find_AsDeepAsThereAreRows_FindsAll()
    {
        float[] rows = Random(seed: 10, rows: Depth, centre: 0, spread: 1);

        Check(ScoreKind.SquaredDistance, rows);
    }

    [Fact]
    public void Find_DeeperThanThereAreRows_Throws()
    {
        ExactNeighbours neighbours = new(ScoreKind.SquaredDistance, Random(seed: 11, rows: 5, centre: 0, spread: 1), Dimension);

        Assert.Throws<InvalidDataException>(() => neighbours.Find(new float[Dimension], Depth));
    }

    private static void Check(ScoreKind kind, float[] rows)
    {
        float[] queries = Random(seed: 99, rows: 37, centre: rows.Average(), spread: 1);

        Neighbour[][] found = new ExactNeighbours(kind, rows, Dimension).Find(queries, Depth);

        Assert.Equal(37, found.Length);
        for (int i = 0; i < found.Length; i++)
        {
            float[] query = queries[(i * Dimension)..((i + 1) * Dimension)];
            Assert.Equal(NaiveNeighbours.Find(kind, rows, query, Depth), NaiveNeighbours.Rows(found[i]));
        }
    }

    private static float[] Random(ulong seed, int rows, float centre, float spread)
    {
        SeededNormal random = new(seed, 0);
        float[] values = new float[rows * Dimension];
        random.FillNormal(values, spread);
        for (int i = 0; i < values.Length; i++)
            values[i] += centre;
        return values;
    }
}
