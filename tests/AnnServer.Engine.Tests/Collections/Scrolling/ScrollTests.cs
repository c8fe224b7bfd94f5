using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Collections.Scrolling;

public sealed class ScrollTests
{
    private const int Points = 2500;

    private static readonly AttributeSchema[] Schema =
    [
        new("kind", AttributeType.Keyword),
        new("name", AttributeType.Keyword),
        new("common", AttributeType.Keyword),
        new("flag", AttributeType.Bool),
        new("n", AttributeType.Int64),
        new("same", AttributeType.Int64),
        new("x", AttributeType.Double),
        new("at", AttributeType.Timestamp),
        new("title", AttributeType.Text),
    ];

    private static readonly string?[] Orders = [null, "kind", "name", "common", "flag", "n", "same", "x", "at", "title", "note", "absent"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Scroll_EveryOrderWhilePointsChangeBetweenScrolls_IsThatOfTheModel(int seed)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Random random = new(seed);
        Collection collection = await test.CreateAsync(Config());
        var model = new ModelCollection(Config());
        await UpsertAsync(collection, model, Enumerable.Range(0, Points), random);
        bool wasInOrder = false;
        for (int round = 0; round < 12; round++)
        {
            foreach (string? order in Orders)
            {
                (FilterSpec spec, ModelFilter? filter) = Filter(random);
                bool descending = random.Next(2) == 0;
                int pageSize = order is null || random.Next(3) == 0 ? 40 + random.Next(200) : 900;
                Point[] points = [.. ModelCollection.ScrollAll(
                    collection, new ScrollQuery { OrderBy = order, Descending = descending, Filter = spec, PageSize = pageSize })];

                List<PointId> expected = ModelScroll.Order(model, filter, order, descending);
                expected = order is null && descending ? [.. Enumerable.Reverse(expected)] : expected;
                Assert.True(
                    expected.SequenceEqual(points.Select(point => point.Id)),
                    $"by {order}, descending {descending}, filter {filter}, pages of {pageSize}: {points.Length} of {expected.Count} points, or another order");
                wasInOrder |= collection.Data.Ids.Order is { IsMade: true };
            }

            await UpsertAsync(collection, model, Enumerable.Range(0, 60).Select(_ => random.Next(Points + 500)), random);
            await DeleteAsync(collection, model, Enumerable.Range(0, 60).Select(_ => random.Next(Points + 500)));
        }

        Assert.True(wasInOrder);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(null, true)]
    [InlineData("n", false)]
    [InlineData("kind", true)]
    [InlineData("flag", false)]
    [InlineData("x", true)]
    [InlineData("note", false)]
    public async Task Scroll_WhileOthersWrite_GivesWhatStaysOnceAndInOrder(string? order, bool descending)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Random random = new(7);
        Collection collection = await test.CreateAsync(Config());
        var model = new ModelCollection(Config());
        await UpsertAsync(collection, model, Enumerable.Range(0, Points), random);
        // Every third point is left alone; the others come, go and change.
        ModelCollection staying = model.Clone();
        foreach (PointId id in model.Points.Keys.Where(id => Number(id) % 3 != 0))
        {
            staying.Points.Remove(id);
        }

        List<PointId> expected = ModelScroll.Order(staying, null, order, descending);
        expected = order is null && descending ? [.. Enumerable.Reverse(expected)] : expected;
        using var done = new CancellationTokenSource();
        Task writing = Task.Run(() => WriteAsync(collection, new Random(8), done.Token), Cancellation);

        for (int round = 0; round < 8; round++)
        {
            Point[] points = [.. ModelCollection.ScrollAll(
                collection, new ScrollQuery { OrderBy = order, Descending = descending, PageSize = round % 2 == 0 ? 57 : 400, WithAttributes = true })];
            Assert.Equal(expected, points.Select(point => point.Id).Where(id => Number(id) % 3 == 0));
        }

        await done.CancelAsync();
        await writing;
    }

    [Fact]
    public async Task Scroll_AttributeIndexedBetweenPages_GoesOnWhereItWas()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Random random = new(9);
        Collection collection = await test.CreateAsync(Config() with { Attributes = [] });
        var model = new ModelCollection(Config());
        await UpsertAsync(collection, model, Enumerable.Range(0, 600), random);
        foreach (AttributeSchema schema in Schema.Where(schema => schema.Type != AttributeType.Text))
        {
            var query = new ScrollQuery { OrderBy = schema.Name, PageSize = 200, Descending = random.Next(2) == 0 };
            List<Point> points = [];
            for (int page = 0; page < 3; page++)
            {
                ScrollPage read = collection.Scroll(query, new Faults(), Cancellation).Value;
                points.AddRange(read.Points);
                query = query with { PageToken = read.NextPageToken };
                if (page < 2)
                {
                    Assert.Null((await test.Database.UpdateCollectionAsync(
                        "points", page == 0 ? [schema] : [], page == 0 ? [] : [schema.Name], new Faults(), Cancellation)).Error);
                }
            }

            Assert.Equal(ModelScroll.Order(model, null, schema.Name, query.Descending), points.Select(point => point.Id));
            Assert.Equal("", query.PageToken);
        }
    }

    [Fact]
    public async Task Scroll_ByIdentifier_KeepsTheOrderUntilTooManyPointsAreNew()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Random random = new(10);
        Collection collection = await test.CreateAsync(Config());
        var model = new ModelCollection(Config());
        await UpsertAsync(collection, model, Enumerable.Range(0, 1500), random);
        Assert.Null(collection.Data.Ids.Order);
        long before = collection.GetInfo().Memory.Ids;

        Point[] points = [.. ModelCollection.ScrollAll(collection, new ScrollQuery { PageSize = 20 })];

        Assert.True(collection.Data.Ids.Order is { IsMade: true });
        Assert.True(collection.GetInfo().Memory.Ids > before);
        ModelCollection.AssertIds(model.Points.Keys.Order(), points);
        await UpsertAsync(collection, model, Enumerable.Range(1500, 1500), random);
        Assert.Null(collection.Data.Ids.Order);
        ModelCollection.AssertIds(model.Points.Keys.Order(), ModelCollection.ScrollAll(collection, new ScrollQuery { PageSize = 20 }));
        Assert.True(collection.Data.Ids.Order is { IsMade: true });
    }

    private static (FilterSpec Spec, ModelFilter? Filter) Filter(Random random)
    {
        int bound = random.Next(Points);
        return random.Next(4) switch
        {
            0 => (FilterSpec.None, null),
            1 => Of($"rank < {bound}", a => a["rank"].AsInt64() < bound),
            2 => Of($"n >= {bound % 60}", a => a.TryGetValue("n", out AttributeValue n) && n.AsInt64() >= bound % 60),
            _ => Of($"rank < {bound / 60}", a => a["rank"].AsInt64() < bound / 60),
        };

        static (FilterSpec, ModelFilter?) Of(string expression, Func<Dictionary<string, AttributeValue>, bool> matches) =>
            (new FilterSpec(expression, null), new ModelFilter(null!, (_, attributes) => matches(attributes), expression));
    }

    private static async Task WriteAsync(Collection collection, Random random, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            int number = random.Next(Points + 1000);
            PointId id = RandomPoints.Id(number);
            if (number % 3 == 0)
            {
                continue;
            }

            switch (random.Next(4))
            {
                case 0:
                    await collection.DeleteAsync([id], new Faults(), Cancellation, Durability.Memory);
                    break;
                case 1:
                    await collection.UpdateAttributesAsync(
                        [new AttributeUpdate(id, Attributes(random, number), [], true)], new Faults(), Cancellation, Durability.Memory);
                    break;
                default:
                    await collection.UpsertAsync([NewPoint(number, random)], new Faults(), Cancellation, Durability.Memory);
                    break;
            }
        }
    }

    // As RandomPoints names them: every fifth number has a key.
    private static int Number(PointId id) => id.Key is null ? (int)id.Number : int.Parse(id.Key) * 5;

    private static CollectionConfig Config() => new()
    {
        Name = "points",
        Dimension = 2,
        Metric = Metric.L2,
        Hnsw = new HnswConfig { M = 4, EfConstruction = 8 },
        Attributes = Schema,
    };

    private static async Task UpsertAsync(Collection collection, ModelCollection model, IEnumerable<int> numbers, Random random)
    {
        Point[] points = [.. numbers.Select(number => NewPoint(number, random))];
        Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
        Array.ForEach(points, point => model.Points[point.Id] = new ModelPoint(point.Vector.ToArray(), new(point.Attributes)));
    }

    private static async Task DeleteAsync(Collection collection, ModelCollection model, IEnumerable<int> numbers)
    {
        PointId[] ids = [.. numbers.Select(RandomPoints.Id)];
        Assert.Null((await collection.DeleteAsync(ids, new Faults(), Cancellation)).Error);
        Array.ForEach(ids, id => model.Points.Remove(id));
    }

    private static Point NewPoint(int number, Random random) =>
        new(RandomPoints.Id(number), new float[] { 1, random.Next(50) }, Attributes(random, number));

    private static Dictionary<string, AttributeValue> Attributes(Random random, int number)
    {
        var attributes = new Dictionary<string, AttributeValue> { ["rank"] = AttributeValue.Of((long)number), ["same"] = AttributeValue.Of(5L) };
        attributes["common"] = AttributeValue.Of(random.Next(40) == 0 ? "rare" : "usual");
        Maybe("kind", () => AttributeValue.Of(RandomPoints.Colors[random.Next(RandomPoints.Colors.Length)]));
        Maybe("name", () => AttributeValue.Of($"{RandomPoints.Colors[random.Next(RandomPoints.Colors.Length)]}{random.Next(2000)}"));
        Maybe("flag", () => AttributeValue.Of(random.Next(3) == 0));
        Maybe("n", () => AttributeValue.Of((long)random.Next(-40, 80)));
        Maybe("x", () => AttributeValue.Of(random.Next(20) == 0 ? 0.5 : random.NextDouble() - 0.5));
        Maybe("at", () => AttributeValue.Of(DateTimeOffset.UnixEpoch.AddHours(random.Next(3000))));
        Maybe("title", () => AttributeValue.Of(RandomPoints.Words[random.Next(RandomPoints.Words.Length)]));
        Maybe("note", () => AttributeValue.Of($"note {random.Next(1000)}"));
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
