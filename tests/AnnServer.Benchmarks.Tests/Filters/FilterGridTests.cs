using AnnServer.Benchmarks.Filters.Columns;
using AnnServer.Benchmarks.Filters.Grid;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Tests.Filters;

public sealed class FilterGridTests
{
    private const int Rows = 20_000;
    private const int Dimension = 8;
    private const int Queries = 20;

    private static readonly float[] Vectors = ClusteredRows.Make(Rows + Queries, Dimension, clusters: 40, seed: 3);
    private static readonly float[] Base = Vectors[..(Rows * Dimension)];
    private static readonly FilterGrid Grid = new(Base, Dimension, Metric.L2, seed: 1);
    private static readonly AttributeColumns Columns = new(Rows, Grid.Columns);

    public static TheoryData<string> Shapes => [.. Enum.GetNames<Shape>()];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void PredicateOf_AnySelectivity_LetsThatShareOfRowsPass(string name)
    {
        Shape shape = Enum.Parse<Shape>(name);
        foreach (double selectivity in Selectivities.All)
        {
            for (int query = 0; query < Queries; query++)
            {
                int matching = Columns.Matching(PredicateOf(shape, selectivity, query)).Count(matches => matches);

                // Two attributes meet by chance: five deviations. One has every value as often as any other, but for rounding.
                double tolerance = shape is Shape.And or Shape.Or ? 5 * Math.Sqrt(selectivity * (1 - selectivity) * Rows) : 1;
                Assert.InRange(matching, (selectivity * Rows) - tolerance, (selectivity * Rows) + tolerance);
            }
        }
    }

    [Fact]
    public void PredicateOf_RangesOfDifferentQueries_Differ()
    {
        Predicate[] predicates = [.. Enumerable.Range(0, Queries).Select(query => PredicateOf(Shape.Range, 0.1, query))];

        Assert.Equal(Queries, predicates.Distinct().Count());
    }

    [Fact]
    public void PredicateOf_SameSeed_IsTheSame()
    {
        FilterGrid again = new(Base, Dimension, Metric.L2, seed: 1);

        AttributeColumns columns = new(Rows, again.Columns);
        foreach (Shape shape in Enum.GetValues<Shape>())
        {
            bool[] expected = Columns.Matching(PredicateOf(shape, 0.04, 7));
            Assert.Equal(expected, columns.Matching(again.PredicateOf(shape, 0.04, Query(7), 7)));
        }
    }

    [Fact]
    public void PredicateOf_CorrelatedAndNot_HoldsNeighboursOrKeepsAwayFromThem()
    {
        Assert.InRange(MeanLift(Shape.Correlated, 0.04), 8, 25);
        Assert.InRange(MeanLift(Shape.AntiCorrelated, 0.2), 0, 0.1);
        Assert.InRange(MeanLift(Shape.Range, 0.2), 0.9, 1.1);
    }

    [Fact]
    public void PlaceTree_PlaceOfARow_IsInItsLeaf()
    {
        PlaceTree tree = new(Base, Dimension, seed: 4);
        int[] places = tree.Places();

        Assert.Equal(Enumerable.Range(0, Rows), places.Order());
        for (int row = 0; row < Rows; row += 100)
            Assert.InRange(tree.PlaceOf(ClusteredRows.Row(Base, Dimension, row)) - places[row], -16, 16);
    }

    private static double MeanLift(Shape shape, double selectivity) => Enumerable.Range(0, Queries).Average(query =>
    {
        bool[] matches = Columns.Matching(PredicateOf(shape, selectivity, query));
        int[] neighbours = NaiveNeighbours.Find(ScoreKind.SquaredDistance, Base, Query(query), 100);
        return neighbours.Count(row => matches[row]) / 100.0 / selectivity;
    });

    private static Predicate PredicateOf(Shape shape, double selectivity, int query) =>
        Grid.PredicateOf(shape, selectivity, Query(query), query);

    private static float[] Query(int query) => ClusteredRows.Row(Vectors, Dimension, Rows + query);
}
