using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Querying.Shapes;

/// <summary>Searches while points are replaced, regrouped and deleted.</summary>
public sealed class ShapeRaceTests
{
    private const int Dimension = 12;
    private const int Groups = 6;
    private const int Members = 60;
    private const int Searches = 400;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Search_WhilePointsChange_AlwaysHasWhatIsAlwaysThere(bool exact)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(new CollectionConfig
        {
            Name = "points",
            Dimension = Dimension,
            Metric = Metric.L2,
            Attributes = [new AttributeSchema("group", AttributeType.Int64)],
        });
        // Two of each group stay as they are, in a corner of their own; the others come, move and go.
        var random = new Random(11);
        Point[] kept = [.. Enumerable.Range(0, 2 * Groups).Select(i => Make(random, i, i % Groups, 50))];
        Assert.Null((await collection.UpsertAsync(kept, new Faults(), Cancellation)).Error);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task writing = Task.Run(() => ChurnAsync(collection, stop.Token), Cancellation);
        try
        {
            for (int i = 0; i < Searches; i++)
            {
                var query = new SearchQuery
                {
                    Vector = RandomPoints.Vector(random, Dimension),
                    K = Groups,
                    Exact = exact,
                    GroupBy = new GroupBy("group", 2),
                    WithAttributes = true,
                };
                IReadOnlyList<SearchHit> hits = collection.Search(query, new Faults(), Cancellation).Value.Hits;
                Assert.Equal(Groups, hits.Select(hit => hit.Group).Distinct().Count());
                Assert.Equal(2 * Groups, hits.Count);
                Assert.Equal(hits.Count, hits.Select(hit => hit.Id).Distinct().Count());
                Assert.All(hits, hit => Assert.Equal(hit.Group, hit.Attributes["group"]));

                query.GroupBy = null;
                query.Diversity = new Diversity(0.5, 2 * Groups);
                hits = collection.Search(query, new Faults(), Cancellation).Value.Hits;
                Assert.Equal(Groups, hits.Select(hit => hit.Id).Distinct().Count());

                // Nothing else is in the corner.
                query = new SearchQuery { Vector = Corner(50), K = 100, Exact = exact, ScoreThreshold = 40, Filter = new FilterSpec("group >= 0", null) };
                hits = collection.Search(query, new Faults(), Cancellation).Value.Hits;
                Assert.Equal(kept.Select(point => point.Id.Number), hits.Select(hit => hit.Id.Number).Order());
            }
        }
        finally
        {
            await stop.CancelAsync();
            await writing;
        }

        Assert.Empty(test.TakeErrors());
    }

    private static async Task ChurnAsync(Collection collection, CancellationToken stop)
    {
        var random = new Random(5);
        while (!stop.IsCancellationRequested)
        {
            int number = 1000 + random.Next(Groups * Members);
            if (random.Next(4) == 0)
            {
                await collection.DeleteAsync([PointId.FromNumber((ulong)number)], new Faults(), CancellationToken.None, Durability.Memory);
            }
            else if (random.Next(3) == 0)
            {
                var update = new AttributeUpdate(
                    PointId.FromNumber((ulong)number), new Dictionary<string, AttributeValue> { ["group"] = AttributeValue.Of((long)random.Next(Groups)) }, [], false);
                await collection.UpdateAttributesAsync([update], new Faults(), CancellationToken.None, Durability.Memory);
            }
            else
            {
                await collection.UpsertAsync(
                    [Make(random, number, random.Next(Groups), 0)], new Faults(), CancellationToken.None, Durability.Memory);
            }
        }
    }

    private static Point Make(Random random, int number, int group, float corner)
    {
        float[] vector = RandomPoints.Vector(random, Dimension);
        float[] origin = Corner(corner);
        for (int i = 0; i < Dimension; i++)
        {
            vector[i] += origin[i];
        }

        return new Point(
            PointId.FromNumber((ulong)number), vector, new Dictionary<string, AttributeValue> { ["group"] = AttributeValue.Of((long)group) });
    }

    private static float[] Corner(float at) => [.. Enumerable.Repeat(at, Dimension)];
}
