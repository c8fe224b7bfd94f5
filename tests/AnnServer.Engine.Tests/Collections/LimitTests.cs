using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>Every limit is reached, and the error says which it was; so are read fences and faults of identifiers.</summary>
public sealed class LimitTests
{
    private static readonly EngineLimits Small = new()
    {
        MaxDimension = 4,
        MaxCollections = 2,
        MaxPointsPerCollection = 20,
        MaxAttributesPerPoint = 3,
        MaxAttributeBytesPerPoint = 100,
        MaxIndexedAttributes = 2,
        MaxBatchPoints = 30,
        MaxBatchQueries = 3,
        MaxK = 5,
        MaxEf = 50,
        MaxGroupSize = 2,
        MaxDiversityCandidates = 8,
        MaxPageSize = 10,
        MaxAnswerBytes = 700,
        DefaultPageSize = 7,
        MaxFilterExpressionLength = 60,
        MaxFilterDepth = 3,
        MaxFilterTerms = 4,
        MaxTextTokens = 6,
        MaxTextQueryTokens = 3,
        MaxFacets = 2,
        MaxFacetValues = 12,
    };

    private static readonly float[] Vector = [1, 2];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryLimit_Exceeded_IsAnErrorThatNamesIt()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder, Small);
        Collection collection = await test.CreateAsync(Config("points") with { Attributes = [new AttributeSchema("title", AttributeType.Text), new AttributeSchema("k", AttributeType.Keyword)] });
        var reached = new List<string>();

        await Create(nameof(EngineLimits.MaxDimension), Config("big") with { Dimension = 5 }, "config.dimension", "4");
        AttributeSchema[] schemas = [.. Enumerable.Range(0, 3).Select(i => new AttributeSchema($"a{i}", AttributeType.Bool))];
        await Create(nameof(EngineLimits.MaxIndexedAttributes), Config("wide") with { Attributes = schemas }, "config.attributes", "2");

        await Upsert(nameof(EngineLimits.MaxAttributesPerPoint), [NewPoint(1, 4, 1)], "points[0].attributes", "3");
        await Upsert(nameof(EngineLimits.MaxAttributeBytesPerPoint), [NewPoint(1, 1, 200)], "points[0].attributes", "100");
        await Upsert(nameof(EngineLimits.MaxBatchPoints), [.. Enumerable.Range(0, 31).Select(i => NewPoint(i, 0, 0))], "points", "30");

        var query = new SearchQuery { Vector = Vector, K = 5 };
        Search(nameof(EngineLimits.MaxK), query with { K = 6 }, "k", "5");
        Search(nameof(EngineLimits.MaxEf), query with { Ef = 51 }, "ef", "50");
        Search(nameof(EngineLimits.MaxGroupSize), query with { GroupBy = new GroupBy("a", 3) }, "group_by.group_size", "2");
        Search(nameof(EngineLimits.MaxDiversityCandidates), query with { Diversity = new Diversity(0.5, 9) }, "diversity.candidates", "8");
        Search(nameof(EngineLimits.MaxFilterExpressionLength), query with { Filter = new FilterSpec($"a = \"{new string('x', 60)}\"", null) }, "filter.expression", "60");
        Search(nameof(EngineLimits.MaxFilterDepth), query with { Filter = Nested(3) }, "filter", "3");
        Predicate terms = new Predicate.In("a", [.. Enumerable.Range(0, 5).Select(i => AttributeValue.Of((long)i))]);
        Search(nameof(EngineLimits.MaxFilterTerms), query with { Filter = new FilterSpec(null, terms) }, "filter", "4");

        var wordy = new Dictionary<string, AttributeValue> { ["title"] = AttributeValue.Of("a b c d e f g") };
        await Upsert(nameof(EngineLimits.MaxTextTokens), [new Point(PointId.FromNumber(1), Vector, wordy)], "points[0].attributes[\"title\"]", "6");
        Search(
            nameof(EngineLimits.MaxTextQueryTokens), query with { Filter = new FilterSpec("text_any(title, 'a b c d')", null) }, "filter.expression", "3");

        Named(
            nameof(EngineLimits.MaxBatchQueries),
            collection.SearchBatch([query, query, query, query], new Faults(), Cancellation).Error,
            EngineStatus.InvalidArgument, "queries", "3");
        Named(
            nameof(EngineLimits.MaxPageSize),
            collection.Scroll(new ScrollQuery { PageSize = 11 }, new Faults(), Cancellation).Error, EngineStatus.InvalidArgument, "page_size", "10");

        Facets(nameof(EngineLimits.MaxFacets), [new("a"), new("b"), new("c")], "facets", "2");
        Facets(nameof(EngineLimits.MaxFacetValues), [new("k", 13)], "facets[0].limit", "12");

        // Twenty fit, and then none; a deletion makes room as soon as the slot is swept.
        Point[] twenty = [.. Enumerable.Range(0, 20).Select(i => NewPoint(i, 0, 0) with
        {
            Attributes = new Dictionary<string, AttributeValue> { ["k"] = AttributeValue.Of($"{i}") },
        })];
        Assert.Null((await collection.UpsertAsync(twenty, new Faults(), Cancellation)).Error);
        Named(
            nameof(EngineLimits.MaxPointsPerCollection),
            (await collection.UpsertAsync([NewPoint(20, 0, 0)], new Faults(), Cancellation)).Error, EngineStatus.ResourceExhausted, "", "20");
        Assert.Equal(7, collection.Scroll(new ScrollQuery(), new Faults(), Cancellation).Value.Points.Count);
        reached.Add(nameof(EngineLimits.DefaultPageSize));
        Large("ids", collection.Get([.. Enumerable.Range(0, 20).Select(i => PointId.FromNumber((ulong)i))], false, false, 0, new Faults()).Error);
        Large("count", collection.Sample(new SampleQuery { Count = 10, WithVector = true }, new Faults(), Cancellation).Error);
        Large("facets[0].limit", collection.Facets(new FacetQuery { Facets = [new("k", 12)] }, new Faults(), Cancellation).Error);
        Large("page_size", collection.Scroll(new ScrollQuery { PageSize = 10, WithVector = true }, new Faults(), Cancellation).Error);
        Assert.Equal(5, collection.Search(query with { WithVector = true }, new Faults(), Cancellation).Value.Hits.Count);
        Large("queries", collection.SearchBatch([query, query, query with { WithVector = true }], new Faults(), Cancellation).Error);

        await test.CreateAsync(Config("second"));
        Named(
            nameof(EngineLimits.MaxCollections),
            (await test.Database.CreateCollectionAsync(Config("third"), new Faults(), Cancellation)).Error, EngineStatus.ResourceExhausted, "", "2");

        Assert.Equal(
            typeof(EngineLimits).GetProperties().Where(p => p.PropertyType == typeof(int)).Select(p => p.Name).Order(), reached.Order());

        void Large(string field, EngineError? error)
        {
            reached.Remove(nameof(EngineLimits.MaxAnswerBytes));
            Named(nameof(EngineLimits.MaxAnswerBytes), error, EngineStatus.ResourceExhausted, field, "700");
        }

        async Task Create(string limit, CollectionConfig config, string field, string number) => Named(
            limit, (await test.Database.CreateCollectionAsync(config, new Faults(), Cancellation)).Error, EngineStatus.InvalidArgument, field, number);

        async Task Upsert(string limit, Point[] points, string field, string number) =>
            Named(limit, (await collection.UpsertAsync(points, new Faults(), Cancellation)).Error, EngineStatus.InvalidArgument, field, number);

        void Facets(string limit, FacetSpec[] facets, string field, string number) => Named(
            limit, collection.Facets(new FacetQuery { Facets = facets }, new Faults(), Cancellation).Error, EngineStatus.InvalidArgument, field, number);

        void Search(string limit, SearchQuery search, string field, string number) =>
            Named(limit, collection.Search(search, new Faults(), Cancellation).Error, EngineStatus.InvalidArgument, field, number);

        void Named(string limit, EngineError? error, EngineStatus status, string field, string number)
        {
            Assert.NotNull(error);
            Assert.Equal(status, error.Status);
            Assert.Contains(number, error.Message, StringComparison.Ordinal);
            if (field.Length > 0)
            {
                Assert.StartsWith(field, Assert.Single(error.Violations).Field, StringComparison.Ordinal);
            }

            reached.Add(limit);
        }
    }

    [Fact]
    public async Task Upsert_FullCollectionWithDeletedPoints_GetsTheirSlots()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder, Small);
        Collection collection = await test.CreateAsync(Config("points"));
        Assert.Null((await collection.UpsertAsync([.. Enumerable.Range(0, 20).Select(i => NewPoint(i, 0, 0))], new Faults(), Cancellation)).Error);
        await collection.DeleteAsync([PointId.FromNumber(3)], new Faults(), Cancellation);
        EngineResult<WriteReceipt> result = await collection.UpsertAsync([NewPoint(20, 0, 0)], new Faults(), Cancellation);
        Assert.Equal(EngineStatus.ResourceExhausted, result.Error!.Status);
        await test.SettleAsync("points", 1);
        while (!result.IsOk)
        {
            await Task.Yield();
            result = await collection.UpsertAsync([NewPoint(20, 0, 0)], new Faults(), Cancellation);
        }

        Assert.Equal(20, collection.Count(FilterSpec.None, 0, new Faults(), Cancellation).Value);
        Assert.Equal(20u, collection.Data.Index.SlotCount);
    }

    [Fact]
    public async Task ReadAfter_WriteThatWasNeverMade_IsFailedPrecondition()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config("points"));
        ulong sequence = (await collection.UpsertAsync([NewPoint(1, 1, 1)], new Faults(), Cancellation)).Value.Sequence;
        var search = new SearchQuery { Vector = Vector, K = 1 };

        Assert.Single(collection.Search(search with { ReadAfter = sequence }, new Faults(), Cancellation).Value.Hits);
        Assert.Single(collection.Get([PointId.FromNumber(1)], false, false, sequence, new Faults()).Value);
        Assert.Equal(1, collection.Count(FilterSpec.None, sequence, new Faults(), Cancellation).Value);
        EngineError?[] errors =
        [
            collection.Search(search with { ReadAfter = sequence + 1 }, new Faults(), Cancellation).Error,
            collection.SearchBatch([search, search with { ReadAfter = sequence + 1 }], new Faults(), Cancellation).Error,
            collection.Get([PointId.FromNumber(1)], false, false, sequence + 1, new Faults()).Error,
            collection.Count(FilterSpec.None, sequence + 1, new Faults(), Cancellation).Error,
            collection.Scroll(new ScrollQuery { ReadAfter = ulong.MaxValue }, new Faults(), Cancellation).Error,
        ];
        Assert.All(errors, error => Assert.Equal(EngineStatus.FailedPrecondition, error!.Status));
        Assert.Equal(sequence, (await test.Database.CheckpointAsync(Cancellation)).Value.Sequence);
        await test.RestartAsync();
        Assert.Equal(sequence, test.Database.GetStats().Sequence);
    }

    [Fact]
    public async Task Upsert_KeyWithALoneSurrogate_IsRefused()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config("points"));
        Point[] points = [new(PointId.FromKey("a\uD800"), Vector, Point.NoAttributes), new(PointId.FromKey("𝛼"), Vector, Point.NoAttributes)];
        EngineError? error = (await collection.UpsertAsync(points, new Faults(), Cancellation)).Error;
        Assert.Equal("points[0].id.key", Assert.Single(error!.Violations).Field);
        Assert.Equal(0, collection.Count(FilterSpec.None, 0, new Faults(), Cancellation).Value);
    }

    [Fact]
    public async Task UpdateCollection_RefusedChange_LeavesTheIndexesAsTheyWere()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        AttributeSchema declared = new("a0", AttributeType.Keyword);
        Collection collection = await test.CreateAsync(Config("points") with { Attributes = [declared] });
        await collection.UpsertAsync([NewPoint(1, 2, 1)], new Faults(), Cancellation);

        EngineError? error = (await test.Database.UpdateCollectionAsync(
            "points", [new AttributeSchema("a0", AttributeType.Bool)], ["a0"], new Faults(), Cancellation)).Error;

        Assert.Equal(EngineStatus.FailedPrecondition, error!.Status);
        Assert.Equal(declared, Assert.Single(collection.Config.Attributes));
        // Nothing but the index holds memory there.
        Assert.True(collection.GetInfo().Memory.AttributeIndexes > 0);
        Assert.Equal(1, collection.Count(new FilterSpec("a0 = \"x\"", null), 0, new Faults(), Cancellation).Value);
        Assert.Null((await test.Database.UpdateCollectionAsync("points", [], ["a0"], new Faults(), Cancellation)).Error);
        Assert.Equal(0, collection.GetInfo().Memory.AttributeIndexes);
    }

    [Fact]
    public void Limits_ThatALogRecordCannotHold_AreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new EngineLimits { MaxAttributeBytesPerPoint = EngineLimits.LargestAttributeBytesPerPoint + 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EngineLimits { MaxTextQueryTokens = EngineLimits.LargestTextQueryTokens + 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new EngineLimits { MaxDimension = EngineLimits.LargestDimension + 1 });
    }

    [Fact]
    public async Task Upsert_LargestPointUnderTheLargestLimits_IsLogged()
    {
        using var folder = new DataFolder();
        var limits = new EngineLimits
        {
            MaxDimension = EngineLimits.LargestDimension,
            MaxAttributeBytesPerPoint = EngineLimits.LargestAttributeBytesPerPoint,
            MaxPointsPerCollection = 1000,
        };
        await using TestDatabase test = await TestDatabase.OpenAsync(folder, limits);
        Collection collection = await test.CreateAsync(
            Config("points") with { Dimension = limits.MaxDimension, Hnsw = new HnswConfig { M = 128, EfConstruction = 128 } });
        var attributes = new Dictionary<string, AttributeValue> { ["a"] = AttributeValue.Of(new string('x', limits.MaxAttributeBytesPerPoint - 20)) };
        for (ulong i = 0; i < 3; i++)
        {
            float[] vector = [.. Enumerable.Range(0, limits.MaxDimension).Select(j => (float)Math.Sin(j * (double)(i + 1)))];
            Assert.Null((await collection.UpsertAsync([new Point(PointId.FromNumber(i), vector, attributes)], new Faults(), Cancellation)).Error);
        }

        await test.RestartAsync();
        Assert.Equal(3, test.Collection("points").Count(FilterSpec.None, 0, new Faults(), Cancellation).Value);
    }

    private static CollectionConfig Config(string name) => new() { Name = name, Dimension = 2, Metric = Metric.L2, Hnsw = new HnswConfig { M = 4, EfConstruction = 8 } };

    private static Point NewPoint(int id, int attributes, int length) => new(
        PointId.FromNumber((ulong)id),
        new float[] { 1, id },
        Enumerable.Range(0, attributes).ToDictionary(i => $"a{i}", _ => AttributeValue.Of(new string('x', length))));

    private static FilterSpec Nested(int depth)
    {
        Predicate predicate = new Predicate.Exists("a");
        for (int i = 0; i < depth; i++)
        {
            predicate = new Predicate.Not(predicate);
        }

        return new FilterSpec(null, predicate);
    }
}
