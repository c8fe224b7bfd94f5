using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>Random operations against a dictionary and comparison with everything.</summary>
public sealed class RandomOperationsTests
{
    private const int OperationsPerRun = 3500;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, Metric.L2)]
    [InlineData(2, Metric.Cosine)]
    [InlineData(3, Metric.Dot)]
    [InlineData(4, Metric.L2)]
    [InlineData(5, Metric.Cosine)]
    [InlineData(6, Metric.Dot)]
    [InlineData(7, Metric.L2)]
    [InlineData(8, Metric.Cosine)]
    [InlineData(9, Metric.Dot)]
    public async Task RandomOperations_AnySeed_AnswerAsTheModel(int seed, Metric metric)
    {
        var random = new Random(seed);
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var config = new CollectionConfig
        {
            Name = "points",
            Dimension = 5 + (seed * 7 % 20),
            Metric = metric,
            Quantization = seed switch { <= 3 or 7 => Quantization.None, 5 or 9 => Quantization.Int4, _ => Quantization.Int8 },
            VectorStorage = seed > 6 ? VectorStorage.Float16 : VectorStorage.Float32,
            Hnsw = new HnswConfig { M = 8, EfConstruction = 60 },
            Attributes = RandomPoints.Schema,
        };
        await test.CreateAsync(config);
        var model = new ModelCollection(config);
        var workload = new Workload(random, model, 60);
        await workload.Upsert(800)(test.Collection("points"));
        var recalls = new List<double>();
        int walks = 0;
        int step = 0;
        while (workload.Operations < OperationsPerRun)
        {
            await workload.Next()(test.Collection("points"));
            walks += CheckSearches(test.Collection("points"), model, random, recalls);
            if (++step % 12 == 0)
            {
                CheckScroll(test.Collection("points"), model, random);
                await ChangeSchema(test, model, random);
            }

            if (step % 9 == 0 && seed % 3 != 0)
            {
                await test.CheckpointAsync();
            }

            if (step % 25 == 0)
            {
                await test.RestartAsync();
                Assert.Equal(0, test.Database.GetStats().Upserts);
                model.AssertAll(test.Collection("points"));
                await DropAndRecreate(test, model, random);
            }
        }

        await test.RestartAsync();
        model.AssertAll(test.Collection("points"));
        Assert.Equal(model.Config.Attributes, test.Collection("points").Config.Attributes);
        Assert.True(walks > step, $"{walks} walks in {step} steps");
        Assert.True(recalls.Average() >= 0.95, $"mean recall {recalls.Average()} of {recalls.Count} searches");
    }

    // How many of the answers came from a walk over the graph.
    private static int CheckSearches(Collection collection, ModelCollection model, Random random, List<double> recalls)
    {
        int walks = 0;
        for (int i = 0; i < 4; i++)
        {
            ModelFilter? filter = i < 2 ? null : ModelFilter.Random(random);
            float[] query = RandomPoints.Vector(random, model.Config.Dimension);
            int k = 1 + random.Next(20);
            var search = new SearchQuery
            {
                Vector = query,
                K = k,
                Filter = filter?.Spec ?? FilterSpec.None,
                WithAttributes = true,
                WithVector = true,
                Exact = true,
            };
            model.AssertExact(query, k, filter, collection.Search(search, new Faults(), Cancellation).Value.Hits);
            IReadOnlyList<SearchHit> hits = collection.Search(search with { Exact = false }, new Faults(), Cancellation).Value.Hits;
            recalls.Add(model.AssertApproximate(query, k, filter, hits));
            // Few candidates, so that the graph is walked in a small collection: less is found, but nothing wrong.
            SearchAnswer walked = collection.Search(search with { Exact = false, Ef = 24 }, new Faults(), Cancellation).Value;
            model.AssertApproximate(query, k, filter, walked.Hits);
            walks += walked.Report.Strategy == SearchStrategy.Graph ? 1 : 0;
            Assert.Equal(model.Matching(filter).Count, collection.Count(filter?.Spec ?? FilterSpec.None, 0, new Faults(), Cancellation).Value);
        }

        return walks;
    }

    private static void CheckScroll(Collection collection, ModelCollection model, Random random)
    {
        foreach (string? attribute in new[] { null, "color", "n", "x", "flag", "note", "absent" })
        {
            ModelFilter? filter = random.Next(2) == 0 ? null : ModelFilter.Random(random);
            bool descending = random.Next(2) == 0;
            var query = new ScrollQuery
            {
                Filter = filter?.Spec ?? FilterSpec.None,
                OrderBy = attribute,
                Descending = descending && attribute is not null,
                PageSize = 40 + random.Next(200),
            };
            Assert.Equal(
                ModelScroll.Order(model, filter, attribute, query.Descending), ModelCollection.ScrollAll(collection, query).Select(point => point.Id));
        }
    }

    private static async Task ChangeSchema(TestDatabase test, ModelCollection model, Random random)
    {
        AttributeSchema[] declared = [.. model.Config.Attributes];
        AttributeSchema[] add = [.. RandomPoints.Schema.Where(schema => !declared.Contains(schema) && random.Next(2) == 0)];
        string[] drop = [.. declared.Where(_ => random.Next(4) == 0).Select(schema => schema.Name)];
        if (add.Length + drop.Length == 0)
        {
            return;
        }

        EngineResult<CollectionInfo> result = await test.Database.UpdateCollectionAsync("points", add, drop, new Faults(), Cancellation);
        Assert.Null(result.Error);
        model.Config = model.Config with { Attributes = [.. declared.Where(schema => !drop.Contains(schema.Name)), .. add] };
        Assert.Equal(model.Config.Attributes, result.Value.Config.Attributes);
    }

    // The new collection of the old name holds nothing of the old one, and gets the same points.
    private static async Task DropAndRecreate(TestDatabase test, ModelCollection model, Random random)
    {
        Collection old = test.Collection("points");
        Assert.Equal(
            EngineStatus.AlreadyExists, (await test.Database.CreateCollectionAsync(model.Config, new Faults(), Cancellation)).Error!.Status);
        Assert.Null((await test.Database.DeleteCollectionAsync("points", Cancellation)).Error);
        Assert.Equal(EngineStatus.NotFound, test.Database.GetCollection("points").Error!.Status);
        Collection collection = await test.CreateAsync(model.Config);
        Assert.Equal(0, collection.Count(FilterSpec.None, 0, new Faults(), Cancellation).Value);
        Assert.Equal(EngineStatus.NotFound, old.Count(FilterSpec.None, 0, new Faults(), Cancellation).Error!.Status);
        Point[] points = [.. model.Points.Select(p => new Point(p.Key, p.Value.Vector, p.Value.Attributes))];
        random.Shuffle(points);
        if (points.Length > 0)
        {
            Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
        }
    }
}
