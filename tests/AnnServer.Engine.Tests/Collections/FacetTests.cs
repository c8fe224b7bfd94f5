using System.Collections.Immutable;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Collections;

public sealed class FacetTests
{
    private const int Points = 3000;

    private static readonly AttributeSchema[] Schema =
    [
        new("kind", AttributeType.Keyword),
        new("name", AttributeType.Keyword),
        new("tags", AttributeType.KeywordList),
        new("flag", AttributeType.Bool),
        new("n", AttributeType.Int64),
        new("years", AttributeType.Int64List),
        new("x", AttributeType.Double),
        new("at", AttributeType.Timestamp),
        new("title", AttributeType.Text),
        new("place", AttributeType.GeoPoint),
    ];

    private static readonly FacetSpec[] All = [new("kind"), new("name", 7), new("tags", 4), new("flag"), new("n", 30), new("years", 2)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // Broad filters are counted by the indexes, narrow ones by the points.
    [Theory]
    [InlineData(null)]
    [InlineData("rank < 2900")]
    [InlineData("rank >= 2000 AND n:*")]
    [InlineData("rank < 400")]
    [InlineData("rank < 40")]
    [InlineData("kind = \"k1\"")]
    [InlineData("rank < 0")]
    public async Task Facets_WithAFilter_AreWhatADictionaryCounts(string? expression)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Dictionary<PointId, Dictionary<string, AttributeValue>> model = await LoadAsync(await test.CreateAsync(Config()));
        var query = new FacetQuery { Facets = All, Filter = expression is null ? FilterSpec.None : new FilterSpec(expression, null) };
        Func<Dictionary<string, AttributeValue>, bool> matches = expression switch
        {
            null => _ => true,
            "kind = \"k1\"" => point => point.TryGetValue("kind", out AttributeValue kind) && kind.AsString() == "k1",
            "rank >= 2000 AND n:*" => point => Rank(point) >= 2000 && point.ContainsKey("n"),
            _ => point => Rank(point) < int.Parse(expression.Split(' ')[^1]),
        };

        Check();
        await test.RestartAsync();
        Check();

        void Check() => ModelFacets.AssertFacets(model.Values.Where(matches), test.Collection("points"), query);
    }

    [Fact]
    public async Task Facets_AfterReplacementsDeletesAndUpdates_CountWhatThereIs()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config());
        Dictionary<PointId, Dictionary<string, AttributeValue>> model = await LoadAsync(collection);
        Random random = new(4);
        for (int round = 0; round < 5; round++)
        {
            PointId[] gone = [.. Ids(random, 150)];
            await collection.DeleteAsync(gone, new Faults(), Cancellation);
            Array.ForEach(gone, id => model.Remove(id));
            Point[] again = [.. Ids(random, 300).Distinct().Select(id => NewPoint(id, random))];
            Assert.Null((await collection.UpsertAsync(again, new Faults(), Cancellation)).Error);
            Array.ForEach(again, point => model[point.Id] = new(point.Attributes));
            AttributeUpdate[] updates = [.. Ids(random, 300).Distinct().Where(model.ContainsKey).Select(id => new AttributeUpdate(id, NewAttributes(random, id), [], true))];
            Assert.Null((await collection.UpdateAttributesAsync(updates, new Faults(), Cancellation)).Error);
            Array.ForEach(updates, update => model[update.Id] = new(update.Set));

            foreach (int below in (int[])[Points, 300])
            {
                ModelFacets.AssertFacets(
                    model.Values.Where(point => Rank(point) < below), collection,
                    new FacetQuery { Facets = All, Filter = new FilterSpec($"rank < {below}", null) });
            }
        }
    }

    [Fact]
    public async Task Facets_ThousandsOfValues_AreAllThereInOrder()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder, new EngineLimits { MaxBatchPoints = 30_000 });
        Collection collection = await test.CreateAsync(Config());
        // More than a slice of the indexes that is counted under one lock: every name twice, every number once.
        Dictionary<string, AttributeValue>[] attributes = [.. Enumerable.Range(0, 24_000).Select(i => new Dictionary<string, AttributeValue>
        {
            ["name"] = AttributeValue.Of($"name {i / 2}"),
            ["n"] = AttributeValue.Of((i * 7919L) - 50_000),
            ["years"] = AttributeValue.Of([i, i + 1L, i + 1L, -i, i + 200_000, i + 400_000, i + 600_000, i + 800_000]),
        })];
        Point[] points = [.. attributes.Select((values, i) => new Point(PointId.FromNumber((ulong)i), new float[] { 1, i % 10 }, values))];
        Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);

        ModelFacets.AssertFacets(
            attributes, collection, new FacetQuery { Facets = [new("name", 10_000), new("n", 10_000), new("years", 10_000)] });
    }

    // Of the two kinds each point has one at any moment, and a filter for one of them finds no other among what it has found.
    [Fact]
    public async Task Facets_WhileAttributesChange_CountOnlyWhatMatched()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config());
        Point[] points = [.. Enumerable.Range(0, Points).Select(i => new Point(PointId.FromNumber((ulong)i), new float[] { 1, i }, Of(i, "left")))];
        Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
        using var done = new CancellationTokenSource();
        Task writing = Task.Run(
            async () =>
            {
                Random random = new(8);
                while (!done.IsCancellationRequested)
                {
                    int i = random.Next(points.Length);
                    AttributeUpdate update = new(points[i].Id, Of(i, random.Next(2) == 0 ? "left" : "right"), [], true);
                    Assert.Null((await collection.UpdateAttributesAsync([update], new Faults(), Cancellation, Durability.Memory)).Error);
                }
            },
            Cancellation);

        for (int i = 0; i < 400; i++)
        {
            string filter = i % 2 == 0 ? "kind = \"left\"" : "kind = \"left\" AND number < 300";
            FacetAnswer answer = collection.Facets(
                new FacetQuery { Facets = [new("kind"), new("n")], Filter = new FilterSpec(filter, null) }, new Faults(), Cancellation).Value;

            Assert.Equal(answer.Matching, answer.Facets[0].Points);
            Assert.Equal(
                answer.Matching == 0 ? [] : [new FacetValue(AttributeValue.Of("left"), answer.Matching)], answer.Facets[0].Values);
            Assert.Equal(answer.Matching, answer.Facets[1].Points);
            Assert.Equal(answer.Matching == 0 ? 0 : 1, answer.Facets[1].DistinctValues);
        }

        await done.CancelAsync();
        await writing;

        static Dictionary<string, AttributeValue> Of(int number, string kind) => new()
        {
            ["kind"] = AttributeValue.Of(kind),
            ["n"] = AttributeValue.Of(kind == "left" ? 1L : 2L),
            ["number"] = AttributeValue.Of((long)number),
        };
    }

    [Theory]
    [InlineData("x", "DOUBLE")]
    [InlineData("at", "TIMESTAMP")]
    [InlineData("title", "TEXT")]
    [InlineData("place", "GEO_POINT")]
    [InlineData("rank", "not an indexed attribute")]
    [InlineData("", "is empty")]
    public async Task Facets_OfWhatIsNotCounted_AreRefusedAndSayWhy(string attribute, string reason)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config());

        EngineError? error = collection.Facets(new FacetQuery { Facets = [new("kind"), new(attribute)] }, new Faults(), Cancellation).Error;

        Assert.Equal(EngineStatus.InvalidArgument, error!.Status);
        FieldViolation violation = Assert.Single(error.Violations);
        Assert.Equal("facets[1].attribute", violation.Field);
        Assert.Contains(reason, violation.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Facets_SeveralFaults_AreAllNamed()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config());

        EngineError? error = collection.Facets(
            new FacetQuery { Facets = [new("kind", 0), new("kind"), new("n", 10_001)], Filter = new FilterSpec("a >", null) },
            new Faults(), Cancellation).Error;

        Assert.Equal(
            ["facets[0].limit", "facets[1].attribute", "facets[2].limit", "filter.expression"], error!.Violations.Select(violation => violation.Field));
        Assert.Equal("facets", Assert.Single(collection.Facets(new FacetQuery { Facets = [] }, new Faults(), Cancellation).Error!.Violations).Field);
        Assert.Equal(
            EngineStatus.FailedPrecondition,
            collection.Facets(new FacetQuery { Facets = [new("kind")], ReadAfter = 1000 }, new Faults(), Cancellation).Error!.Status);
    }

    private static long Rank(Dictionary<string, AttributeValue> point) => point["rank"].AsInt64();

    private static IEnumerable<PointId> Ids(Random random, int count) =>
        Enumerable.Range(0, count).Select(_ => PointId.FromNumber((ulong)random.Next(Points)));

    private static CollectionConfig Config() => new()
    {
        Name = "points",
        Dimension = 2,
        Metric = Metric.L2,
        Hnsw = new HnswConfig { M = 4, EfConstruction = 8 },
        Attributes = Schema,
    };

    private static async Task<Dictionary<PointId, Dictionary<string, AttributeValue>>> LoadAsync(Collection collection)
    {
        Random random = new(3);
        Point[] points = [.. Enumerable.Range(0, Points).Select(i => NewPoint(PointId.FromNumber((ulong)i), random))];
        Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
        return points.ToDictionary(point => point.Id, point => new Dictionary<string, AttributeValue>(point.Attributes));
    }

    private static Point NewPoint(PointId id, Random random) => new(id, new float[] { 1, random.Next(50) }, NewAttributes(random, id));

    private static Dictionary<string, AttributeValue> NewAttributes(Random random, PointId id)
    {
        var attributes = new Dictionary<string, AttributeValue> { ["rank"] = AttributeValue.Of((long)id.Number) };
        Maybe("kind", () => AttributeValue.Of($"k{(int)Math.Sqrt(random.Next(100))}"));
        Maybe("name", () => AttributeValue.Of(random.Next(20) == 0 ? new string('ü', 300) : $"{(char)(0xFFF0 + random.Next(3))}𝛼{random.Next(900)}"));
        Maybe("tags", () => AttributeValue.Of([.. Enumerable.Range(0, random.Next(5)).Select(_ => RandomPoints.Colors[random.Next(RandomPoints.Colors.Length)])]));
        Maybe("flag", () => AttributeValue.Of(random.Next(3) == 0));
        Maybe("n", () => AttributeValue.Of((long)random.Next(-40, 40)));
        Maybe("years", () => AttributeValue.Of((ImmutableArray<long>)[.. Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(2000, 2006))]));
        return attributes;

        void Maybe(string name, Func<AttributeValue> value)
        {
            if (random.Next(5) != 0)
            {
                attributes[name] = value();
            }
        }
    }
}
