using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.Engine.Tests.Querying;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>
/// Random filters in both their forms, while points are written, replaced, updated and deleted, indexes come and go over points that
/// came before, and the database is stopped and killed.
/// </summary>
public sealed class FilterLifecycleTests
{
    private const int Ids = 400;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(81)]
    [InlineData(82)]
    [InlineData(83)]
    public async Task Scroll_RandomFiltersWhileEverythingChanges_FindsWhatTheNaiveFilterDoes(int seed)
    {
        Random random = new(seed);
        RandomFilters filters = new(random);
        Dictionary<PointId, Dictionary<string, AttributeValue>> model = [];
        List<DataFolder> folders = [new()];
        await using (TestDatabase test = await TestDatabase.OpenAsync(folders[0]))
        {
            await test.CreateAsync(Titled());
            for (int round = 0; round < 24; round++)
            {
                await WriteAsync(test.Collection("points"), model, filters, random);
                switch (round % 4)
                {
                    case 0:
                        await ChangeIndexesAsync(test, random);
                        break;
                    case 1 when round % 8 == 1:
                        await test.CheckpointAsync();
                        break;
                    case 2:
                        folders.Add(folders[^1].Snapshot());
                        await test.RestartAsync(folders[^1]);
                        break;
                    case 3:
                        await test.RestartAsync();
                        break;
                }

                Check(test.Collection("points"), model, filters, new Rewriter(random), $"seed {seed}, round {round}");
            }
        }

        folders.ForEach(folder => folder.Dispose());
    }

    [Fact]
    public async Task UpdateCollection_KeywordToTextAndBack_ChangesNoAnswer()
    {
        using DataFolder folder = new();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Titled(AttributeType.Keyword));
        await WriteTitlesAsync(collection, "Red fox", "red Sea", "blue sea");
        foreach (AttributeType type in (AttributeType[])[AttributeType.Text, AttributeType.Keyword, AttributeType.Text])
        {
            Assert.Null((await test.Database.UpdateCollectionAsync("points", [new("title", type)], ["title"], new Faults(), Cancellation)).Error);
            foreach ((string expression, int expected) in (ReadOnlySpan<(string, int)>)
            [
                ("text_match(title, 'RED')", 2), ("text_match(title, 'sea red')", 1), ("text_any(title, 'bl* fox')", 2), ("title = \"red*\"", 1),
                ("title = \"blue sea\"", 1), ("title > \"a\"", 2), ("title = null", 0),
            ])
            {
                Assert.Equal(expected, Count(collection, expression));
            }

            await test.RestartAsync();
            collection = test.Collection("points");
            Assert.Equal(2, Count(collection, "text_match(title, 'RED')"));
        }
    }

    [Fact]
    public async Task UpdateCollection_TextOverTheLimitThatCameBefore_IsIndexedInFull()
    {
        using DataFolder folder = new();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder, new EngineLimits { MaxTextTokens = 3 });
        Collection collection = await test.CreateAsync(Titled());
        await WriteTitlesAsync(collection, "one two three four five");

        Assert.Null((await test.Database.UpdateCollectionAsync(
            "points", [new("title", AttributeType.Text)], [], new Faults(), Cancellation)).Error);

        Assert.Equal(1, Count(collection, "text_match(title, 'five one')"));
        AttributeUpdate update = new(PointId.FromNumber(0), new Dictionary<string, AttributeValue> { ["other"] = AttributeValue.Of(1L) }, [], false);
        EngineError? error = (await collection.UpdateAttributesAsync([update], new Faults(), Cancellation)).Error;
        Assert.Equal("updates[0].set[\"title\"]", Assert.Single(error!.Violations).Field);
    }

    private static CollectionConfig Titled(params AttributeType[] types) => new()
    {
        Name = "points",
        Dimension = 2,
        Metric = Metric.L2,
        Hnsw = new HnswConfig { M = 4, EfConstruction = 8 },
        Attributes = [.. types.Select(type => new AttributeSchema("title", type))],
    };

    private static async Task WriteTitlesAsync(Collection collection, params string[] titles)
    {
        Point[] points = [.. titles.Select((title, i) => new Point(
            PointId.FromNumber((ulong)i), new float[] { 1, i }, new Dictionary<string, AttributeValue> { ["title"] = AttributeValue.Of(title) }))];
        Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
    }

    private static long Count(Collection collection, string expression) =>
        collection.Count(new FilterSpec(expression, null), 0, new Faults(), Cancellation).Value;

    private static async Task WriteAsync(
        Collection collection, Dictionary<PointId, Dictionary<string, AttributeValue>> model, RandomFilters filters, Random random)
    {
        for (int step = 0; step < 12; step++)
        {
            PointId[] ids = [.. Enumerable.Range(0, 15).Select(_ => PointId.FromNumber((ulong)random.Next(Ids))).Distinct()];
            switch (random.Next(5))
            {
                case 0:
                    Assert.Null((await collection.DeleteAsync(ids, new Faults(), Cancellation)).Error);
                    Array.ForEach(ids, id => model.Remove(id));
                    break;
                case 1:
                    AttributeUpdate[] updates = [.. ids.Select(id => NextUpdate(id, filters, random))];
                    Assert.Null((await collection.UpdateAttributesAsync(updates, new Faults(), Cancellation)).Error);
                    Array.ForEach(updates, update => Apply(update, model));
                    break;
                default:
                    Point[] points = [.. ids.Select(id => new Point(id, new float[] { random.Next(9), random.Next(9) }, filters.NextAttributes() ?? []))];
                    Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
                    Array.ForEach(points, point => model[point.Id] = new(point.Attributes));
                    break;
            }
        }
    }

    private static AttributeUpdate NextUpdate(PointId id, RandomFilters filters, Random random)
    {
        Dictionary<string, AttributeValue> set = filters.NextAttributes() ?? [];
        string[] remove = [.. RandomFilters.Schemas.Select(schema => schema.Name).Where(name => !set.ContainsKey(name) && random.Next(2) == 0), "absent"];
        return new AttributeUpdate(id, set, remove, random.Next(3) == 0);
    }

    private static void Apply(AttributeUpdate update, Dictionary<PointId, Dictionary<string, AttributeValue>> model)
    {
        if (!model.TryGetValue(update.Id, out Dictionary<string, AttributeValue>? attributes))
        {
            return;
        }

        if (update.Replace)
        {
            attributes.Clear();
        }

        foreach ((string name, AttributeValue value) in update.Set)
        {
            attributes[name] = value;
        }

        foreach (string name in update.Remove)
        {
            attributes.Remove(name);
        }
    }

    private static async Task ChangeIndexesAsync(TestDatabase test, Random random)
    {
        AttributeSchema[] declared = [.. test.Collection("points").Config.Attributes];
        AttributeSchema[] add = [.. RandomFilters.Schemas.Where(schema => !declared.Contains(schema) && random.Next(2) == 0)];
        string[] drop = [.. declared.Where(_ => random.Next(3) == 0).Select(schema => schema.Name)];
        if (add.Length + drop.Length > 0)
        {
            Assert.Null((await test.Database.UpdateCollectionAsync("points", add, drop, new Faults(), Cancellation)).Error);
        }
    }

    private static void Check(
        Collection collection,
        Dictionary<PointId, Dictionary<string, AttributeValue>> model,
        RandomFilters filters,
        Rewriter rewriter,
        string context)
    {
        for (int i = 0; i < 40; i++)
        {
            Predicate written = filters.NextPredicate(3);
            FilterSpec tree = new(null, written);
            FilterSpec other = Rewriter.HasTextForm(written) ? new FilterSpec(rewriter.ToExpression(written), null) : new FilterSpec(null, rewriter.Rewrite(written));
            PointId[] expected = [.. model.Where(point => NaiveFilter.Matches(written, point.Key, point.Value)).Select(point => point.Key).Order()];

            foreach (FilterSpec filter in (FilterSpec[])[tree, other])
            {
                PointId[] found = [.. ModelCollection.ScrollAll(collection, new ScrollQuery { Filter = filter, PageSize = Ids }).Select(point => point.Id)];
                Assert.True(expected.SequenceEqual(found), $"{context}: {filter} finds {found.Length} instead of {expected.Length}");
            }

            SearchAnswer answer = collection.Search(
                new SearchQuery { Vector = new float[] { 1, 2 }, K = 20, Filter = other }, new Faults(), Cancellation).Value;
            Assert.Equal(Math.Min(20, expected.Length), answer.Hits.Count);
            Assert.All(answer.Hits, hit => Assert.True(expected.Contains(hit.Id), $"{context}: {other} gives {hit.Id}"));
        }
    }
}
