using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>Writers, readers and sweeps at once: what every answer must satisfy meanwhile, and the end against the model.</summary>
public sealed class ConcurrencyTests
{
    private const int Dimension = 10;
    private const int Writers = 3;
    private const int IdsPerWriter = 250;
    private const int Residents = 150;
    private const int RoundsPerWriter = 60;
    private const int FewestAnswers = 6;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WritersReadersAndScrolls_Together_KeepEveryInvariant()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var config = new CollectionConfig
        {
            Name = "points",
            Dimension = Dimension,
            Metric = Metric.L2,
            Hnsw = new HnswConfig { M = 6, EfConstruction = 40 },
            Attributes = [new AttributeSchema("owner", AttributeType.Int64), new AttributeSchema("parity", AttributeType.Keyword)],
        };
        Collection collection = await test.CreateAsync(config);
        var random = new Random(1);
        // Residents are replaced again and again, and never absent.
        Point[] residents = [.. Enumerable.Range(0, Residents).Select(i => NewPoint(random, ResidentId(i), -1 - i, 0))];
        Assert.Null((await collection.UpsertAsync(residents, new Faults(), Cancellation)).Error);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<int>[] readers =
        [
            Read(seed => SearchFiltered(collection, seed), stop.Token),
            Read(seed => SearchResident(collection, seed), stop.Token),
            Read(seed => SearchBatch(collection, seed), stop.Token),
            Read(seed => ScrollAll(collection, seed), stop.Token),
        ];
        Task<Dictionary<PointId, ModelPoint>>[] writers =
            [.. Enumerable.Range(0, Writers).Select(w => Task.Run(() => Write(collection, w), Cancellation))];
        Task<Dictionary<PointId, ModelPoint>> replacing = Task.Run(() => ReplaceResidents(collection, residents), Cancellation);
        Task indexing = Task.Run(() => ToggleIndex(test.Database), Cancellation);
        Dictionary<PointId, ModelPoint>[] written = await Task.WhenAll([.. writers, replacing]);
        await indexing;
        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(readers), answers => Assert.True(answers >= FewestAnswers, $"{answers} answers"));

        var model = new ModelCollection(config);
        foreach ((PointId id, ModelPoint point) in written.SelectMany(points => points))
        {
            model.Points.Add(id, point);
        }

        model.AssertAll(collection);
        await test.RestartAsync();
        model.AssertAll(test.Collection("points"));
        float[] query = RandomPoints.Vector(random, Dimension);
        var search = new SearchQuery { Vector = query, K = 50, Exact = true, WithAttributes = true, WithVector = true };
        model.AssertExact(query, 50, null, test.Collection("points").Search(search, new Faults(), Cancellation).Value.Hits);
    }

    [Fact]
    public async Task Drop_WhileSearching_AnswersOrSaysNotFound()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(4);
        for (int round = 0; round < 5; round++)
        {
            Collection collection = await test.CreateAsync(new CollectionConfig { Name = "points", Dimension = Dimension, Metric = Metric.Cosine });
            Point[] points = [.. Enumerable.Range(0, 500).Select(i => NewPoint(random, PointId.FromNumber((ulong)i), i, 0))];
            Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
            var started = new TaskCompletionSource();
            Task<EngineStatus>[] users =
            [
                Use(() => collection.Search(new SearchQuery { Vector = points[0].Vector, K = 5, WithVector = true }, new Faults(), Cancellation).Error),
                Use(() => collection.Scroll(new ScrollQuery { WithAttributes = true }, new Faults(), Cancellation).Error),
                Use(() => collection.Get([points[0].Id, points[1].Id], true, true, 0, new Faults()).Error),
                Use(() => collection.UpsertAsync(points[..1], new Faults(), Cancellation).AsTask().GetAwaiter().GetResult().Error),
                Use(() => collection.UpsertAsync(points, new Faults(), Cancellation).AsTask().GetAwaiter().GetResult().Error),
                Use(() => collection.GetInfo().Points < 0 ? null : collection.Count(new FilterSpec("owner > 3", null), 0, new Faults(), Cancellation).Error),
            ];
            await started.Task;
            Assert.Null((await test.Database.DeleteCollectionAsync("points", Cancellation)).Error);
            Assert.All(await Task.WhenAll(users), status => Assert.Equal(EngineStatus.NotFound, status));
            Assert.Equal(EngineStatus.NotFound, (await test.Database.DeleteCollectionAsync("points", Cancellation)).Error!.Status);
            Assert.Equal(EngineStatus.NotFound, (await collection.DeleteAsync([points[0].Id], new Faults(), Cancellation)).Error!.Status);
            Assert.Equal(
                EngineStatus.NotFound,
                (await collection.UpdateAttributesAsync([new AttributeUpdate(points[0].Id, Point.NoAttributes, [], true)], new Faults(), Cancellation))
                    .Error!.Status);

            // The status of the first call that fails.
            Task<EngineStatus> Use(Func<EngineError?> call) => Task.Run(
                () =>
                {
                    while (true)
                    {
                        EngineError? error = call();
                        started.TrySetResult();
                        if (error is not null)
                        {
                            return error.Status;
                        }
                    }
                },
                Cancellation);
        }
    }

    private static PointId ResidentId(int index) => PointId.FromKey($"resident {index}");

    private static Point NewPoint(Random random, PointId id, long owner, int version) => new(
        id,
        RandomPoints.Vector(random, Dimension),
        new Dictionary<string, AttributeValue>
        {
            ["owner"] = AttributeValue.Of(owner),
            ["parity"] = AttributeValue.Of(version % 2 == 0 ? "even" : "odd"),
            ["version"] = AttributeValue.Of((long)version),
        });

    private static async Task<Dictionary<PointId, ModelPoint>> Write(Collection collection, int writer)
    {
        var random = new Random(100 + writer);
        var mine = new Dictionary<PointId, ModelPoint>();
        for (int round = 0; round < RoundsPerWriter; round++)
        {
            PointId[] ids = [.. Enumerable.Range(0, 20).Select(_ => PointId.FromNumber((ulong)((writer * IdsPerWriter) + random.Next(IdsPerWriter)))).Distinct()];
            switch (random.Next(5))
            {
                case 0:
                    Assert.Null((await collection.DeleteAsync(ids, new Faults(), Cancellation)).Error);
                    Array.ForEach(ids, id => mine.Remove(id));
                    break;
                case 1:
                    AttributeUpdate[] updates = [.. ids.Select(id => new AttributeUpdate(id, NewPoint(random, id, writer, round).Attributes, [], true))];
                    EngineResult<AttributeUpdateReceipt> updated = await Retry(
                        async () => await collection.UpdateAttributesAsync(updates, new Faults(), Cancellation));
                    Assert.Equal(ids.Where(id => !mine.ContainsKey(id)), updated.Value.NotFound);
                    foreach (AttributeUpdate update in updates.Where(update => mine.ContainsKey(update.Id)))
                    {
                        mine[update.Id] = mine[update.Id] with { Attributes = new Dictionary<string, AttributeValue>(update.Set) };
                    }

                    break;
                default:
                    Point[] points = [.. ids.Select(id => NewPoint(random, id, writer, round))];
                    await Retry(async () => await collection.UpsertAsync(points, new Faults(), Cancellation));
                    Remember(mine, points);
                    break;
            }
        }

        return mine;
    }

    private static async Task<Dictionary<PointId, ModelPoint>> ReplaceResidents(Collection collection, Point[] residents)
    {
        var random = new Random(200);
        var mine = new Dictionary<PointId, ModelPoint>();
        Remember(mine, residents);
        for (int version = 1; version <= 12; version++)
        {
            foreach (int[] indexes in Enumerable.Range(0, Residents).Chunk(30))
            {
                Point[] points = [.. indexes.Select(i => NewPoint(random, ResidentId(i), -1 - i, version))];
                await Retry(async () => await collection.UpsertAsync(points, new Faults(), Cancellation));
                Remember(mine, points);
            }
        }

        return mine;
    }

    // A write that a change of the schema came between says so and is made again.
    private static async Task<EngineResult<T>> Retry<T>(Func<Task<EngineResult<T>>> write)
    {
        while (true)
        {
            EngineResult<T> result = await write();
            if (result.Error?.Status != EngineStatus.Unavailable)
            {
                Assert.Null(result.Error);
                return result;
            }
        }
    }

    private static void Remember(Dictionary<PointId, ModelPoint> mine, Point[] points)
    {
        foreach (Point point in points)
        {
            mine[point.Id] = new ModelPoint(point.Vector.ToArray(), new Dictionary<string, AttributeValue>(point.Attributes));
        }
    }

    private static async Task ToggleIndex(Database database)
    {
        var version = new AttributeSchema("version", AttributeType.Int64);
        for (int i = 0; i < 6; i++)
        {
            Assert.Null((await database.UpdateCollectionAsync("points", [version], [], new Faults(), Cancellation)).Error);
            Assert.Null((await database.UpdateCollectionAsync("points", [], ["version"], new Faults(), Cancellation)).Error);
        }
    }

    private static Task<int> Read(Action<int> once, CancellationToken stop) => Task.Run(() =>
    {
        int count = 0;
        // A few even if the writers are done before this is scheduled.
        while (count < FewestAnswers || !stop.IsCancellationRequested)
        {
            once(count++);
        }

        return count;
    });

    private static void SearchFiltered(Collection collection, int seed)
    {
        var random = new Random(seed);
        string parity = random.Next(2) == 0 ? "even" : "odd";
        var search = new SearchQuery
        {
            Vector = RandomPoints.Vector(random, Dimension),
            K = 10,
            Ef = 10,
            Filter = new FilterSpec($"parity = \"{parity}\" AND version >= 0", null),
            WithAttributes = true,
            WithVector = true,
            Exact = seed % 3 == 0,
        };
        IReadOnlyList<SearchHit> hits = collection.Search(search, new Faults(), Cancellation).Value.Hits;
        Assert.Equal(hits.Count, hits.Select(hit => hit.Id).Distinct().Count());
        foreach (SearchHit hit in hits)
        {
            Assert.Equal(parity, hit.Attributes["parity"].AsString());
            double squares = hit.Vector.ToArray().Zip(search.Vector.ToArray(), (a, b) => ((double)a - b) * ((double)a - b)).Sum();
            Assert.Equal(Math.Sqrt(squares), hit.Score, 1e-4 * (1 + Math.Sqrt(squares)));
        }
    }

    private static void SearchResident(Collection collection, int seed)
    {
        int index = seed % Residents;
        var search = new SearchQuery
        {
            Vector = RandomPoints.Vector(new Random(seed), Dimension),
            K = 3,
            Filter = new FilterSpec(null, new Predicate.Eq("owner", AttributeValue.Of((long)-1 - index))),
            Exact = seed % 2 == 0,
        };
        SearchHit hit = Assert.Single(collection.Search(search, new Faults(), Cancellation).Value.Hits);
        Assert.Equal(ResidentId(index), hit.Id);
        Assert.Equal(Residents, collection.Count(new FilterSpec("owner < 0", null), 0, new Faults(), Cancellation).Value);
    }

    private static void SearchBatch(Collection collection, int seed)
    {
        var random = new Random(seed);
        SearchQuery[] queries =
        [
            .. Enumerable.Range(0, 20).Select(i => new SearchQuery
            {
                Vector = RandomPoints.Vector(random, Dimension),
                K = 8,
                Ef = 12,
                Filter = new FilterSpec(i % 2 == 0 ? "parity = \"even\"" : "parity = \"odd\"", null),
                WithAttributes = true,
            }),
        ];
        IReadOnlyList<SearchAnswer> answers = collection.SearchBatch(queries, new Faults(), Cancellation).Value;
        for (int i = 0; i < answers.Count; i++)
        {
            Assert.All(answers[i].Hits, hit => Assert.Equal(i % 2 == 0 ? "even" : "odd", hit.Attributes["parity"].AsString()));
            Assert.Equal(answers[i].Hits.Count, answers[i].Hits.Select(hit => hit.Id).Distinct().Count());
        }
    }

    private static void ScrollAll(Collection collection, int seed)
    {
        var query = new ScrollQuery
        {
            Filter = seed % 2 == 0 ? FilterSpec.None : new FilterSpec("owner < 0", null),
            OrderBy = seed % 3 == 0 ? "owner" : null,
            PageSize = 37,
        };
        var seen = new HashSet<PointId>();
        foreach (Point point in ModelCollection.ScrollAll(collection, query))
        {
            // A point ordered by its owner keeps its place, since it keeps its owner.
            Assert.True(seen.Add(point.Id), $"{point.Id} came twice");
        }

        Assert.All(Enumerable.Range(0, Residents), i => Assert.Contains(ResidentId(i), seen));
    }
}
