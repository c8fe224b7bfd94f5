using AnnServer.Benchmarks.Filters.Columns;
using AnnServer.Benchmarks.Filters.Grid;
using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Tests.Filters;

public sealed class TruthFinderTests
{
    private const int Rows = 3000;
    private const int Dimension = 12;
    private const int K = 10;

    // By number: the enumeration is internal, and a public test cannot take it.
    [Theory]
    [InlineData(0, Metric.L2)]
    [InlineData(1, Metric.Dot)]
    [InlineData(2, Metric.Cosine)]
    public void Find_EveryCellOfTheGrid_EqualsNaiveSortOfTheRowsThatMatch(int kind, Metric metric)
    {
        ScoreKind score = (ScoreKind)kind;
        float[] rows = ClusteredRows.Make(Rows, Dimension, clusters: 10, seed: 5);
        float[] query = ClusteredRows.Make(1, Dimension, clusters: 1, seed: 6);
        FilterGrid grid = new(rows, Dimension, metric, seed: 2);
        AttributeColumns columns = new(Rows, grid.Columns);
        Predicate[] predicates =
        [
            .. Enum.GetValues<Shape>().SelectMany(shape => Selectivities.All.Select(share => grid.PredicateOf(shape, share, query, 0))),
        ];

        FilteredTruth[] truths = new TruthFinder(score, rows, Dimension, columns, K).Find(query, predicates);

        int[] neighbours = NaiveNeighbours.Find(score, rows, query, Rows);
        for (int i = 0; i < predicates.Length; i++)
        {
            bool[] matches = columns.Matching(predicates[i]);
            int[] nearest = [.. neighbours.Where(row => matches[row])];
            Assert.Equal(nearest.Length, truths[i].Matching);
            Assert.Equal(Math.Min(K, nearest.Length), truths[i].Wanted);
            if (nearest.Length == 0)
            {
                Assert.Null(truths[i].Lift);
                continue;
            }
            double Score(int row) => ExactScore.Compute(score, query, rows.AsSpan(row * Dimension, Dimension));
            Assert.Equal(Score(nearest[truths[i].Wanted - 1]), truths[i].WorstScore);
            Assert.Equal(neighbours.Take(100).Count(row => matches[row]) / 100.0 * Rows / nearest.Length, truths[i].Lift!.Value, 9);
            Assert.All(nearest.Take(K), row => Assert.True(truths[i].Admits(score, Score(row))));
            Assert.All(nearest.Skip(K), row => Assert.False(truths[i].Admits(score, Score(row))));
        }
    }

    [Fact]
    public void Among_EqualScores_AreOrderedByRow()
    {
        double[] scores = [3, 1, 2, 1, 1, 0];
        bool[] matches = [true, true, true, true, true, false];

        Assert.Equal([1, 3, 4], NearestRows.Among(scores, ScoreKind.SquaredDistance, matches, 3));
        Assert.Equal([5, 1, 3], NearestRows.Among(scores, ScoreKind.SquaredDistance, null, 3));
        Assert.Equal([0, 2, 1], NearestRows.Among(scores, ScoreKind.Cosine, matches, 3));
    }
}
