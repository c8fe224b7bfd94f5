using AnnServer.Benchmarks.Filters;
using AnnServer.Benchmarks.Filters.Columns;
using AnnServer.Benchmarks.Filters.Grid;
using AnnServer.Benchmarks.Filters.Measuring;
using AnnServer.Benchmarks.Filters.Questions;
using AnnServer.Engine.Model;
using AnnServer.LoadGen.Data;

namespace AnnServer.Benchmarks.Tests.Filters;

public sealed class IterativePostFilterTests : IDisposable
{
    // So few that an unfiltered search compares with all of them, and is exact.
    private const int Rows = 150;
    private const int K = 10;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ann-post-filter-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(40, 20_000)]
    [InlineData(1, 20_000)]
    [InlineData(16, 100)]
    [InlineData(200, 200)]
    public async Task Search_AnyFilter_ReturnsWhatDoublingOverASortedListDoes(int start, int most)
    {
        LabSet set = LabFixture.Set(Rows);
        FilterGrid grid = new(set.Rows, set.Dimension, Metric.L2, seed: 1);
        AttributeColumns columns = new(Rows, grid.Columns);
        await using LabDatabase database = await LabDatabase.OpenAsync(_folder.FullName, set, columns, TestContext.Current.CancellationToken);
        IterativePostFilter searcher = new(database.Collection, K, start, most);
        LabAnswer answer = new();

        foreach (Shape shape in Enum.GetValues<Shape>())
        {
            foreach (double selectivity in Selectivities.All.Take(5))
            {
                float[] query = set.Queries.ToSingles(0);
                FilteredQuestion question = new(query, grid.PredicateOf(shape, selectivity, query, 0), new FilteredTruth(0, 0, 0, null));
                bool[] matches = columns.Matching(question.Predicate);

                searcher.Search(question, matches, answer);

                (int[] rows, int candidates) = Naive(set, query, matches, Math.Clamp(start, K, most), most);
                Assert.Equal(rows, answer.Rows);
                Assert.Equal(candidates, answer.Candidates);
            }
        }
    }

    private static (int[] Rows, int Candidates) Naive(LabSet set, float[] query, bool[] matches, int start, int most)
    {
        int[] nearest = NaiveNeighbours.Find(ScoreKind.SquaredDistance, set.Rows, query, Rows);
        for (int width = start; ; width = Math.Min(2 * width, most))
        {
            int[] found = [.. nearest.Take(width).Where(row => matches[row]).Take(K)];
            if (found.Length == K || width >= most || width > Rows)
                return (found, width);
        }
    }
}
