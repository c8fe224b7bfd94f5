using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Recovery;

/// <summary>A database that was restarted and one that never was, fed alike by one writer and planning one point at a time, stay alike to the bit.</summary>
public sealed class RestartTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(11, Metric.L2, VectorStorage.Float32, 0)]
    [InlineData(12, Metric.Cosine, VectorStorage.Float32, 0)]
    [InlineData(13, Metric.Dot, VectorStorage.Float32, 0)]
    [InlineData(14, Metric.L2, VectorStorage.Float16, 0)]
    [InlineData(15, Metric.Cosine, VectorStorage.Float16, 0)]
    [InlineData(16, Metric.L2, VectorStorage.Float32, 40)]
    [InlineData(15, Metric.Cosine, VectorStorage.Float16, 25)]
    [InlineData(13, Metric.Dot, VectorStorage.Float32, 60)]
    public async Task Reopen_AfterRandomOperations_GoesOnExactlyAsIfNeverStopped(
        int seed, Metric metric, VectorStorage storage, int stepsPerCheckpoint)
    {
        var random = new Random(seed);
        using var folder = new DataFolder();
        await using TestDatabase steady = await TestDatabase.OpenAsync(folder, planningThreads: 1);
        CollectionConfig config = Config(metric, storage);
        await steady.CreateAsync(config);
        var model = new ModelCollection(config);
        // One point a step, so that a sweep begins between two steps and never inside one.
        var workload = new Workload(random, model, 1);
        TestDatabase? restarted = null;
        int hiddenBefore = 0;
        await workload.Upsert(1200)(steady.Collection("points"));
        int step = 0;
        await steady.SettleAsync("points", workload.Hidden);
        await Run(300);
        using DataFolder copy = folder.Snapshot();
        await using TestDatabase other = await TestDatabase.OpenAsync(copy, planningThreads: 1);
        restarted = other;
        AssertSame(steady.Collection("points"), restarted.Collection("points"), random);
        hiddenBefore = workload.Hidden - restarted.Collection("points").Data.Index.HiddenCount;

        // Deletes enough for a sweep on the way.
        await Run(300);
        PointId[] doomed = [.. model.Points.Keys.Take(400)];
        await Both(workload.Delete(doomed));
        await Run(200);

        Assert.True(steady.ReleasedSlots >= 400);
        AssertSame(steady.Collection("points"), restarted.Collection("points"), random);
        await restarted.RestartAsync();
        AssertSame(steady.Collection("points"), restarted.Collection("points"), random);
        model.AssertAll(restarted.Collection("points"));

        async Task Run(int steps)
        {
            for (int i = 0; i < steps; i++)
            {
                await Both(workload.Next());
                if (stepsPerCheckpoint > 0 && ++step % stepsPerCheckpoint == 0)
                {
                    await (restarted ?? steady).CheckpointAsync();
                }
            }
        }

        async Task Both(Func<Collection, Task> change)
        {
            await change(steady.Collection("points"));
            await steady.SettleAsync("points", workload.Hidden);
            if (restarted is not null)
            {
                await change(restarted.Collection("points"));
                await restarted.SettleAsync("points", workload.Hidden - hiddenBefore);
            }
        }
    }

    private static CollectionConfig Config(Metric metric, VectorStorage storage) => new()
    {
        Name = "points",
        Dimension = 12,
        Metric = metric,
        Quantization = metric switch { Metric.Cosine => Quantization.Int8, Metric.Dot => Quantization.Int4, _ => Quantization.None },
        VectorStorage = storage,
        Hnsw = new HnswConfig { M = 6, EfConstruction = 40 },
        Attributes = RandomPoints.Schema,
    };

    private static void AssertSame(Collection expected, Collection actual, Random random)
    {
        Assert.Equal(GraphText.Of(expected.Data.Index), GraphText.Of(actual.Data.Index));
        for (int i = 0; i < 20; i++)
        {
            float[] query = RandomPoints.Vector(random, expected.Config.Dimension);
            ModelFilter? filter = i % 2 == 0 ? null : ModelFilter.Random(random);
            foreach (int ef in new[] { 10, 40, 200 })
            {
                var search = new SearchQuery { Vector = query, K = 10, Ef = ef, Filter = filter?.Spec ?? FilterSpec.None };
                SearchAnswer left = expected.Search(search, new Faults(), Cancellation).Value;
                SearchAnswer right = actual.Search(search, new Faults(), Cancellation).Value;
                Assert.Equal(left.Hits.Select(Bits), right.Hits.Select(Bits));
                Assert.Equal(left.Report.Strategy, right.Report.Strategy);
                Assert.Equal(left.Report.DistanceComputations, right.Report.DistanceComputations);
                Assert.True(filter is not null || ef > 10 || left.Report.Strategy == SearchStrategy.Graph);
            }
        }

        static (PointId, int) Bits(SearchHit hit) => (hit.Id, BitConverter.SingleToInt32Bits(hit.Score));
    }
}
