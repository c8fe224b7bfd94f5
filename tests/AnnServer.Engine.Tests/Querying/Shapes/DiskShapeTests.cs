using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Querying.Shapes;

/// <summary>Searches of vectors that are not in memory answer as those of vectors that are.</summary>
public sealed class DiskShapeTests(ShapeSets sets) : IClassFixture<ShapeSets>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", true, 1)]
    [InlineData("u < 100", true, 1)]
    [InlineData("", false, 0.97)]
    [InlineData("u < 500", false, 0.97)]
    // By codes, which the planner takes for few.
    [InlineData("u < 100", false, 0.999)]
    public void Search_OnDisk_AnswersAsInMemory(string filter, bool exact, double share)
    {
        int found = 0;
        int wanted = 0;
        foreach (float[] vector in sets.Queries)
        {
            var query = new SearchQuery { Vector = vector, K = 8, Filter = new FilterSpec(filter, null) };
            float threshold = (float)sets.Ranking(Metric.L2, vector)[40].Score;
            foreach (SearchQuery shaped in (SearchQuery[])
            [
                query with { K = 300, ScoreThreshold = threshold },
                query with { GroupBy = new GroupBy("owner", 2) },
                query with { GroupBy = new GroupBy("loose", 3), ScoreThreshold = 2 * threshold },
                query with { Diversity = new Diversity(0.7, 30) },
            ])
            {
                HashSet<PointId> truth = [.. sets.Of(Metric.L2).Search(shaped with { Exact = true }, new Faults(), Cancellation).Value.Hits.Select(hit => hit.Id)];
                found += sets.OnDisk.Search(shaped with { Exact = exact }, new Faults(), Cancellation).Value.Hits.Count(hit => truth.Contains(hit.Id));
                wanted += truth.Count;
            }
        }

        Assert.InRange(found / (double)wanted, share, 1);
    }
}
