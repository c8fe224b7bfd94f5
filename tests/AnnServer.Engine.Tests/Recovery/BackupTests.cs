using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;
using AnnServer.Storage;
using AnnServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace AnnServer.Engine.Tests.Recovery;

public sealed class BackupTests
{
    private const int Rounds = 3;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EachOfAChainOfBackupsIsTheStateItWasMadeOf()
    {
        using var folder = new DataFolder();
        using var backups = new TempDirectory();
        var texts = new List<string>();
        var models = new List<ModelCollection>();
        await using (TestDatabase test = await TestDatabase.OpenAsync(folder))
        {
            CollectionConfig config = Config();
            var model = new ModelCollection(config);
            var workload = new Workload(new Random(1), model, 40);
            await workload.Upsert(800)(await test.CreateAsync(config));
            for (int round = 0; round < Rounds; round++)
            {
                await test.SettleAsync("points", workload.Hidden);
                EngineResult<BackupInfo> made = await test.Database.BackupAsync(Name(round), round == 0 ? null : Name(round - 1), Cancellation);
                Assert.Null(made.Error);
                Assert.Equal(test.Database.GetStats().Sequence, made.Value.Sequence);
                texts.Add(GraphText.Of(test.Collection("points").Data.Index));
                models.Add(model.Clone());
                for (int i = 0; i < 20; i++)
                {
                    await workload.Next()(test.Collection("points"));
                }
            }
        }

        for (int round = 0; round < Rounds; round++)
        {
            using var target = new DataFolder();
            Directory.Delete(target.Path);
            ulong sequence = Database.Restore(Name(round), target.Path, NullLoggerFactory.Instance);
            await using TestDatabase restored = await TestDatabase.OpenAsync(target);
            Assert.Equal(sequence, restored.Database.GetStats().Sequence);
            Assert.Equal(texts[round], GraphText.Of(restored.Collection("points").Data.Index));
            models[round].AssertAll(restored.Collection("points"));

            // It is a database like any other: written to, checkpointed, killed or closed.
            var workload = new Workload(new Random(round), models[round], 40);
            await workload.Upsert(50)(restored.Collection("points"));
            await restored.RestartAsync();
            models[round].AssertAll(restored.Collection("points"));
            await workload.Upsert(50)(restored.Collection("points"));
            await restored.CheckpointAsync();
            await restored.RestartAsync();
            models[round].AssertAll(restored.Collection("points"));
            Assert.Equal(sequence + 100, restored.Database.GetStats().Sequence);
        }

        string Name(int round) => Path.Combine(backups.Path, $"b{round}");
    }

    [Fact]
    public async Task ABackupUnderLoadIsWhole()
    {
        using var folder = new DataFolder();
        using var backups = new TempDirectory();
        await using (TestDatabase test = await TestDatabase.OpenAsync(folder))
        {
            CollectionConfig config = Config();
            Collection collection = await test.CreateAsync(config);
            var writing = Task.Run(
                async () =>
                {
                    // Point i is written after all before it, so that a backup has the first so many of them.
                    for (ulong i = 0; i < 1500; i++)
                    {
                        var point = new Point(PointId.FromNumber(i), RandomPoints.Vector(new Random((int)i), config.Dimension), Point.NoAttributes);
                        Assert.Null((await collection.UpsertAsync([point], new Faults(), Cancellation)).Error);
                    }
                },
                Cancellation);
            for (int round = 0; !writing.IsCompleted && round < 6; round++)
            {
                string name = Path.Combine(backups.Path, $"b{round}");
                Assert.Null((await test.Database.BackupAsync(name, null, Cancellation)).Error);
            }

            await writing;
        }

        foreach (string backup in Directory.GetDirectories(backups.Path))
        {
            using var target = new DataFolder();
            ulong sequence = Database.Restore(backup, target.Path, NullLoggerFactory.Instance);
            await using TestDatabase restored = await TestDatabase.OpenAsync(target);
            // The first record made the collection.
            Assert.Equal((long)sequence - 1, restored.Collection("points").Count(FilterSpec.None, 0, new Faults(), Cancellation).Value);
            Assert.All(
                restored.Collection("points").Get([PointId.FromNumber(sequence - 2)], false, true, 0, new Faults()).Value,
                point => Assert.Equal(RandomPoints.Vector(new Random((int)sequence - 2), 12), point.Vector.ToArray()));
        }
    }

    [Fact]
    public async Task ADamagedOrIncompleteBackupIsRefused()
    {
        using var folder = new DataFolder();
        using var backups = new TempDirectory();
        string backup = Path.Combine(backups.Path, "whole");
        await using (TestDatabase test = await TestDatabase.OpenAsync(folder))
        {
            var model = new ModelCollection(Config());
            await new Workload(new Random(1), model, 40).Upsert(800)(await test.CreateAsync(Config()));
            Assert.Null((await test.Database.BackupAsync(backup, null, Cancellation)).Error);
            await Assert.ThrowsAsync<IOException>(async () => await test.Database.BackupAsync(backup, null, Cancellation));
            string gone = Path.Combine(backups.Path, "gone");
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                async () => await test.Database.BackupAsync(gone, null, new CancellationToken(canceled: true)));
            Assert.False(Directory.Exists(gone));
            // A backup that fails is no fault of the store.
            Assert.Null(test.Database.Fault);
        }

        var random = new Random(2);
        foreach (string file in Directory.GetFiles(backup))
        {
            byte[] sound = await File.ReadAllBytesAsync(file, Cancellation);
            for (int trial = 0; trial < 15; trial++)
            {
                using var target = new DataFolder();
                string what = Damage.Do(file, sound, random);
                if (!IsSame(file, sound))
                {
                    Assert.True(
                        Record.Exception(() => Database.Restore(backup, target.Path, NullLoggerFactory.Instance)) is StorageCorruptionException,
                        $"{what} in {Path.GetFileName(file)}");
                    Assert.DoesNotContain(Directory.GetFileSystemEntries(target.Path), path => Path.GetFileName(path) != "LOCK");
                }

                await File.WriteAllBytesAsync(file, sound, Cancellation);
            }
        }

        Assert.Throws<IOException>(() => Database.Restore(backup, folder.Path, NullLoggerFactory.Instance));
    }

    [Fact]
    public async Task DamageToARestoredStoreIsConfinedAsInAnyOther()
    {
        using var folder = new DataFolder();
        using var backups = new TempDirectory();
        using var target = new DataFolder();
        string backup = Path.Combine(backups.Path, "whole");
        await using (TestDatabase test = await TestDatabase.OpenAsync(folder))
        {
            await new Workload(new Random(1), new ModelCollection(Config()), 40).Upsert(800)(await test.CreateAsync(Config()));
            Assert.Null((await test.Database.BackupAsync(backup, null, Cancellation)).Error);
        }

        Database.Restore(backup, target.Path, NullLoggerFactory.Instance);
        string pages = Path.Combine(target.Path, "pages", "pages.0");
        byte[] bytes = await File.ReadAllBytesAsync(pages, Cancellation);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(pages, bytes, Cancellation);

        using var log = new RecordingLoggerProvider();
        using var meter = new SweepMeter();
        await using Database database = await Database.OpenAsync(new DatabaseOptions { DataDirectory = target.Path }, log, meter, Cancellation);
        Assert.Equal(EngineStatus.DataLoss, database.GetCollection("points").Error?.Status);
        Assert.NotEmpty(log.TakeErrors());
    }

    private static bool IsSame(string file, byte[] sound) => File.Exists(file) && sound.AsSpan().SequenceEqual(File.ReadAllBytes(file));

    private static CollectionConfig Config() => new()
    {
        Name = "points",
        Dimension = 12,
        Metric = Metric.L2,
        Hnsw = new HnswConfig { M = 6, EfConstruction = 40 },
        Attributes = RandomPoints.Schema,
    };
}
