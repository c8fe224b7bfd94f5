using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Querying;

/// <summary>Searches that are left undone because they would take long, and what the others allocate and when they stop.</summary>
public sealed class SearchLimitTests
{
    private const int Points = 3000;
    private const int Dimension = 16;

    private static readonly float[] Vector = [.. Enumerable.Range(0, Dimension).Select(i => (float)Math.Sin(i))];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TrySearch_OverTheLimit_IsFalseAndCountsNoSearch()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test);
        var answer = new SearchAnswer();
        var exact = new SearchQuery { Vector = Vector, K = 5, Exact = true };

        Assert.False(collection.TrySearch(exact, answer, Points - 1, new Faults(), Cancellation).Value);
        Assert.Empty(answer.Hits);
        Assert.Equal(0, test.Database.GetStats().Searches);
        Assert.True(collection.TrySearch(exact, answer, Points, new Faults(), Cancellation).Value);
        Assert.Equal(5, answer.Hits.Count);
        Assert.Equal(Points, answer.Report.DistanceComputations);
    }

    // Of 3000 points a hundredth has the colour red. A walk of width 20 is estimated at 256 distances.
    [Theory]
    [InlineData("", 300, true)]
    [InlineData("", 200, false)]
    [InlineData("color = \"red\"", 30, true)]
    [InlineData("color = \"red\"", 29, false)]
    [InlineData("other = \"red\"", Points, true)]
    [InlineData("other = \"red\"", Points - 1, false)]
    [InlineData("color = \"red\" AND NOT other = \"blue\"", Points - 1, false)]
    public async Task TrySearch_Limit_IsComparedWithWhatThePlanComputesOrTheFilterReads(string filter, long limit, bool isMade)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test);
        var query = new SearchQuery { Vector = Vector, K = 5, Ef = 20, Filter = new FilterSpec(filter.Length == 0 ? null : filter, null) };
        var answer = new SearchAnswer();

        Assert.Equal(isMade, collection.TrySearch(query, answer, limit, new Faults(), Cancellation).Value);
        Assert.Equal(isMade, answer.Hits.Count == 5);
    }

    [Fact]
    public async Task TrySearchBatch_Limit_IsForAllTogether()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test);
        SearchQuery[] queries = [.. Enumerable.Range(0, 3).Select(_ => new SearchQuery { Vector = Vector, K = 5, Exact = true })];
        SearchAnswer[] answers = [new(), new(), new()];

        Assert.False(collection.TrySearchBatch(queries, answers, (3 * Points) - 1, new Faults(), Cancellation).Value);
        Assert.All(answers, answer => Assert.Empty(answer.Hits));
        Assert.True(collection.TrySearchBatch(queries, answers, 3 * Points, new Faults(), Cancellation).Value);
        Assert.All(answers, answer => Assert.Equal(5, answer.Hits.Count));
    }

    [Fact]
    public async Task TrySearch_AnswerUsedAgain_HoldsTheLastAnswerOnly()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test);
        var answer = new SearchAnswer();
        foreach (int k in (int[])[20, 3, 50])
        {
            var query = new SearchQuery { Vector = Vector, K = k };
            Assert.True(collection.TrySearch(query, answer, long.MaxValue, new Faults(), Cancellation).Value);
            Assert.Equal(collection.Search(query, new Faults(), Cancellation).Value.Hits, answer.Hits);
            Assert.Equal(k, answer.Hits.Count);
        }
    }

    [Fact]
    public async Task EveryLongRead_Cancelled_Stops()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test);
        var cancelled = new CancellationToken(canceled: true);
        var unindexed = new FilterSpec("other = \"red\"", null);
        var query = new SearchQuery { Vector = Vector, K = 5 };
        Action[] reads =
        [
            () => collection.Search(query with { Exact = true }, new Faults(), cancelled),
            () => collection.Search(query with { Ef = 200 }, new Faults(), cancelled),
            () => collection.Search(query with { Filter = unindexed }, new Faults(), cancelled),
            () => collection.Search(query with { Ef = 200, Filter = new FilterSpec("color = \"green\"", null) }, new Faults(), cancelled),
            () => collection.SearchBatch([query with { Exact = true }], new Faults(), cancelled),
            () => collection.Count(unindexed, 0, new Faults(), cancelled),
            () => collection.Scroll(new ScrollQuery(), new Faults(), cancelled),
        ];

        Assert.All(reads, read => Assert.Throws<OperationCanceledException>(read));
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await collection.DeleteAsync(unindexed, new Faults(), cancelled));
        Assert.Equal(Points, collection.PointCount);
    }

    [Theory]
    [InlineData(false, Quantization.None)]
    [InlineData(true, Quantization.None)]
    [InlineData(false, Quantization.Int8)]
    [InlineData(false, Quantization.Int4)]
    public async Task TrySearch_AfterWarmUp_AllocatesNothing(bool exact, Quantization quantization)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test, quantization);
        var query = new SearchQuery { Vector = Vector, K = 10, Ef = 40, Exact = exact };
        var answer = new SearchAnswer();
        var faults = new Faults();
        Search(1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Search(1000);

        Assert.Equal(0, (GC.GetAllocatedBytesForCurrentThread() - before) / 1000);
        Assert.Equal(10, answer.Hits.Count);

        void Search(int times)
        {
            for (int i = 0; i < times; i++)
            {
                Assert.True(collection.TrySearch(query, answer, 100_000, faults, CancellationToken.None).IsOk);
            }
        }
    }

    private static async Task<Collection> LoadAsync(TestDatabase test, Quantization quantization = Quantization.None)
    {
        Collection collection = await test.CreateAsync(new CollectionConfig
        {
            Name = "points",
            Dimension = Dimension,
            Metric = Metric.L2,
            Quantization = quantization,
            Attributes = [new AttributeSchema("color", AttributeType.Keyword)],
        });
        var random = new Random(3);
        Point[] points = [.. Enumerable.Range(0, Points).Select(i => new Point(
            PointId.FromNumber((ulong)i),
            RandomPoints.Vector(random, Dimension),
            new Dictionary<string, AttributeValue>
            {
                ["color"] = AttributeValue.Of(i % 100 == 0 ? "red" : "green"),
                ["other"] = AttributeValue.Of(i % 100 == 0 ? "red" : "green"),
            }))];
        Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
        return collection;
    }
}
