using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using Value = AnnServer.Protocol.V1.Value;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class PointsTests(ServerFixture server) : ServerTest(server)
{
    private static readonly Vector Unit = Make.Vector(1, 0, 0, 0);

    [Fact]
    public async Task Get_EveryKindOfAttribute_ComesBackAsGiven()
    {
        string collection = await CreateAsync();
        Point point = Make.Point(
            ulong.MaxValue,
            Make.Vector(1.5f, -2, 3e-20f, 4e17f),
            ("s", Make.Text("grüße 🙂")),
            ("i", Make.Int(long.MinValue)),
            ("d", new Value { DoubleValue = 0.1 }),
            ("b", new Value { BoolValue = true }),
            ("t", new Value { TimestampValue = new Timestamp { Seconds = -1, Nanos = 999_999_900 } }),
            ("sl", new Value { StringList = new StringList { Values = { "a", "", "b" } } }),
            ("il", new Value { IntList = new IntList { Values = { 3, -1, 3 } } }));
        await UpsertAsync(collection, point);

        Point read = Assert.Single((await Server.Points.GetAsync(
            new GetRequest { Collection = collection, Ids = { point.Id }, WithAttributes = true, WithVector = true },
            cancellationToken: Cancellation)).Points);

        Assert.Equal(point.Id, read.Id);
        Assert.Equal(point.Attributes, read.Attributes);
        Assert.Equal(point.Vector.Values, Make.Floats(read.Vector));
    }

    [Fact]
    public async Task Get_SomeUnknown_AnswersTheOthersInOrderOfTheRequest()
    {
        string collection = await CreateAsync();
        await UpsertAsync(collection, Make.Point(7, Unit, ("a", Make.Int(1))), new Point { Id = Make.Id("7"), Vector = Unit });

        var read = await Server.Points.GetAsync(
            new GetRequest { Collection = collection, Ids = { Make.Id("7"), Make.Id(8), Make.Id(7) } }, cancellationToken: Cancellation);

        Assert.Equal([Make.Id("7"), Make.Id(7)], read.Points.Select(point => point.Id));
        Assert.All(read.Points, point => Assert.Null(point.Vector));
        Assert.All(read.Points, point => Assert.Empty(point.Attributes));
    }

    [Fact]
    public async Task Upsert_SameIdAgain_Replaces()
    {
        string collection = await CreateAsync();
        UpsertResponse first = await UpsertAsync(collection, Make.Point(1, Unit, ("a", Make.Int(1))));

        UpsertResponse second = await UpsertAsync(collection, Make.Point(1, Make.Vector(0, 2, 0, 0), ("b", Make.Int(2))));

        Assert.Equal(1UL, second.Upserted);
        Assert.True(second.Sequence > first.Sequence);
        Point read = Assert.Single((await Server.Points.GetAsync(
            new GetRequest { Collection = collection, Ids = { Make.Id(1) }, WithAttributes = true, WithVector = true, ReadAfter = second.Sequence },
            cancellationToken: Cancellation)).Points);
        Assert.Equal([0, 2, 0, 0], Make.Floats(read.Vector));
        Assert.Equal("b", Assert.Single(read.Attributes).Key);
        Assert.Equal(1UL, await CountAsync(collection));
    }

    [Fact]
    public async Task Delete_ByIdsAndByFilter_RemovesThoseOnly()
    {
        string collection = await CreateAsync();
        await UpsertAsync(collection, [.. Enumerable.Range(0, 10).Select(i => Make.Point((ulong)i, Unit, ("n", Make.Int(i))))]);

        var byIds = await Server.Points.DeleteAsync(
            new DeleteRequest { Collection = collection, Ids = new PointIdList { Ids = { Make.Id(0), Make.Id(99) } } }, cancellationToken: Cancellation);
        var byFilter = await Server.Points.DeleteAsync(
            new DeleteRequest { Collection = collection, Filter = new Filter { Expression = "n >= 7" } }, cancellationToken: Cancellation);

        Assert.Equal((1UL, 3UL), (byIds.Deleted, byFilter.Deleted));
        Assert.True(byFilter.Sequence > byIds.Sequence);
        Assert.Equal(6UL, await CountAsync(collection));
        Assert.Equal(6UL, await CountAsync(collection, "n >= 1 AND n <= 6"));
    }

    [Fact]
    public async Task UpdateAttributes_SetRemoveReplace_ChangesAttributesAndKeepsTheVector()
    {
        string collection = await CreateAsync();
        await UpsertAsync(collection, Make.Point(1, Unit, ("a", Make.Int(1)), ("b", Make.Int(2))), Make.Point(2, Unit, ("a", Make.Int(1))));

        var updated = await Server.Points.UpdateAttributesAsync(
            new UpdateAttributesRequest
            {
                Collection = collection,
                Updates =
                {
                    new AttributeUpdate { Id = Make.Id(1), Set = { ["c"] = Make.Int(3) }, Remove = { "a" } },
                    new AttributeUpdate { Id = Make.Id(2), Set = { ["d"] = Make.Int(4) }, Replace = true },
                    new AttributeUpdate { Id = Make.Id(3), Set = { ["e"] = Make.Int(5) } },
                },
            },
            cancellationToken: Cancellation);

        Assert.Equal(2UL, updated.Updated);
        Assert.Equal([Make.Id(3)], updated.NotFound);
        var read = await Server.Points.GetAsync(
            new GetRequest { Collection = collection, Ids = { Make.Id(1), Make.Id(2) }, WithAttributes = true, WithVector = true },
            cancellationToken: Cancellation);
        Assert.Equal(["b", "c"], read.Points[0].Attributes.Keys.Order());
        Assert.Equal(["d"], read.Points[1].Attributes.Keys);
        Assert.All(read.Points, point => Assert.Equal([1, 0, 0, 0], Make.Floats(point.Vector)));
    }

    [Fact]
    public async Task Scroll_OrderedInPages_VisitsEachPointOnceWithAbsentLast()
    {
        string collection = await CreateAsync(attributes: new AttributeSchema { Name = "n", Type = AttributeType.Int64 });
        await UpsertAsync(collection, [.. Enumerable.Range(0, 25).Select(i => Make.Point((ulong)i, Unit, ("n", Make.Int(i * 7 % 25))))]);
        await UpsertAsync(collection, Make.Point(100, Unit));

        List<Point> seen = [];
        ScrollRequest request = new() { Collection = collection, PageSize = 10, Order = new Order { Attribute = "n", Descending = true }, WithAttributes = true };
        do
        {
            ScrollResponse page = await Server.Points.ScrollAsync(request, cancellationToken: Cancellation);
            Assert.InRange(page.Points.Count, 1, 10);
            seen.AddRange(page.Points);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal(26, seen.Count);
        Assert.Equal(Enumerable.Range(0, 25).Reverse(), seen.Take(25).Select(point => (int)point.Attributes["n"].IntValue));
        Assert.Equal(Make.Id(100), seen[25].Id);
    }

    [Fact]
    public async Task Count_ExpressionAndPredicateOfOneMeaning_AgreeWithAPlainCount()
    {
        string collection = await CreateAsync();
        await UpsertAsync(collection, [.. Enumerable.Range(0, 40).Select(i =>
            Make.Point((ulong)i, Unit, ("year", Make.Int(2000 + i)), ("lang", Make.Text(i % 3 == 0 ? "en" : "de"))))]);
        Filter predicate = new()
        {
            Predicate = new Predicate
            {
                And = new PredicateList
                {
                    Predicates =
                    {
                        new Predicate { Eq = new Comparison { Attribute = "lang", Value = Make.Text("en") } },
                        new Predicate { Range = new Interval { Attribute = "year", Gte = Make.Int(2010), Lt = Make.Int(2030) } },
                    },
                },
            },
        };

        var byPredicate = await Server.Points.CountAsync(new CountRequest { Collection = collection, Filter = predicate }, cancellationToken: Cancellation);

        ulong expected = (ulong)Enumerable.Range(0, 40).Count(i => i % 3 == 0 && i is >= 10 and < 30);
        Assert.Equal(expected, byPredicate.Count);
        Assert.Equal(expected, await CountAsync(collection, "lang = \"en\" AND year >= 2010 AND year < 2030"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Count_StringsAndPlaces_AgreeInBothFormsIndexedOrNot(bool indexedLater)
    {
        AttributeSchema[] schemas =
        [
            new() { Name = "name", Type = AttributeType.Keyword }, new() { Name = "title", Type = AttributeType.Text },
            new() { Name = "place", Type = AttributeType.GeoPoint },
        ];
        string collection = await CreateAsync(attributes: indexedLater ? [] : schemas);
        Point[] points = [.. Enumerable.Range(0, 40).Select(i => Make.Point(
            (ulong)i,
            Unit,
            ("name", Make.Text(i % 4 == 0 ? $"ab*{i}" : $"b{i}")),
            ("title", Make.Text($"The {(i % 2 == 0 ? "even" : "ODD")} number {i}")),
            ("place", new Value { GeoPoint = Make.Place(10, i < 20 ? 160 + i : i - 200) })))];
        points[7].Attributes.Remove("name");
        await UpsertAsync(collection, points);
        if (indexedLater)
        {
            await Server.Collections.UpdateCollectionAsync(
                new UpdateCollectionRequest { Name = collection, AddAttributes = { schemas } }, cancellationToken: Cancellation);
        }

        await Same(1, "name = null", new Predicate { IsNull = "name" });
        await Same(10, "name = \"ab\\**\"", new Predicate { Prefix = new Comparison { Attribute = "name", Value = Make.Text("ab*") } });
        await Same(
            20, "text_match(title, 'number EVEN')", new Predicate { TextMatch = new TextMatch { Attribute = "title", Query = "number even" } });
        await Same(
            12,
            "text_any(title, '7 1*')",
            new Predicate { TextMatch = new TextMatch { Attribute = "title", Query = "1* 7", Mode = TextMatchMode.Any } });
        await Same(
            3,
            "geo_radius(place, 10, 180, 150000)",
            new Predicate { GeoRadius = new GeoRadius { Attribute = "place", Center = Make.Place(10, -180), Meters = 150_000 } });
        await Same(
            6,
            "geo_box(place, 0, 178, 20, -177)",
            new Predicate { GeoBox = new GeoBox { Attribute = "place", SouthWest = Make.Place(0, 178), NorthEast = Make.Place(20, -177) } });
        var read = await Server.Points.GetAsync(
            new GetRequest { Collection = collection, Ids = { Make.Id(39) }, WithAttributes = true }, cancellationToken: Cancellation);
        Assert.Equal(points[39].Attributes, read.Points[0].Attributes);

        async Task Same(ulong expected, string expression, Predicate predicate)
        {
            Assert.Equal(expected, await CountAsync(collection, expression));
            var counted = await Server.Points.CountAsync(
                new CountRequest { Collection = collection, Filter = new Filter { Predicate = predicate } }, cancellationToken: Cancellation);
            Assert.Equal(expected, counted.Count);
        }
    }

    [Fact]
    public async Task Checkpoint_AfterWrites_CoversThem()
    {
        string collection = await CreateAsync();
        UpsertResponse written = await UpsertAsync(collection, Make.Point(1, Unit));

        var checkpoint = await Server.Admin.CheckpointAsync(new CheckpointRequest(), cancellationToken: Cancellation);
        var stats = await Server.Admin.GetStatsAsync(new GetStatsRequest(), cancellationToken: Cancellation);

        Assert.True(checkpoint.Sequence >= written.Sequence);
        Assert.True(stats.DurableSequence >= written.Sequence);
        Assert.True(stats.Sequence >= stats.DurableSequence);
        Assert.True(stats.Upserts >= 1);
        Assert.NotEmpty(stats.Version);
        Assert.True(stats is { UptimeSeconds: > 0, CpuSeconds: > 0, ResidentBytes: > 0, ManagedHeapBytes: > 0, AllocatedBytes: > 0 });
        Assert.Contains(stats.Collections, info => info.Config.Name == collection);
    }
}
