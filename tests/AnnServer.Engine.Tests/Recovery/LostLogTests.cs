using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;
using AnnServer.Storage;

namespace AnnServer.Engine.Tests.Recovery;

/// <summary>What a log cannot show by itself, its checkpoints can: that it was longer once.</summary>
public sealed class LostLogTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Open_LogOfBeforeTheLastCheckpoint_IsRefusedAndKept(int tornBytes)
    {
        using var folder = new DataFolder();
        (DataFolder before, DataFolder after) = await KillAsync(folder);
        using (before)
        using (after)
        {
            byte[] older = await File.ReadAllBytesAsync(Path.Combine(before.Path, "wal", "log.0"), TestContext.Current.CancellationToken);
            byte[] torn = older[..(older.AsSpan().LastIndexOfAnyExcept((byte)0) + 1 - tornBytes)];
            string log = Path.Combine(after.Path, "wal", "log.0");
            await File.WriteAllBytesAsync(log, torn, TestContext.Current.CancellationToken);
            await AssertRefusedAsync(after);

            Assert.Equal(torn, await File.ReadAllBytesAsync(log, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Open_LogOfBeforeACheckpointThatIsGoneToo_IsRefused()
    {
        using var folder = new DataFolder();
        (DataFolder before, DataFolder after) = await KillAsync(folder);
        using (before)
        using (after)
        {
            string log = Path.Combine("wal", "log.0");
            File.Copy(Path.Combine(before.Path, log), Path.Combine(after.Path, log), overwrite: true);
            File.Delete(Path.Combine(after.Path, "pages", "MANIFEST-2"));
            await AssertRefusedAsync(after);
        }
    }

    [Fact]
    public async Task Open_LogWithoutCheckpointsThatBeginsLater_IsRefused()
    {
        using var folder = new DataFolder();
        (DataFolder before, DataFolder after) = await KillAsync(folder);
        using (before)
        using (after)
        {
            File.Delete(Path.Combine(after.Path, "pages", "MANIFEST-1"));
            File.Delete(Path.Combine(after.Path, "pages", "MANIFEST-2"));
            await AssertRefusedAsync(after);
        }
    }

    [Fact]
    public async Task Open_RecordDamagedBeforeTheEndOfTheLog_IsRefused()
    {
        using var folder = new DataFolder();
        (DataFolder before, DataFolder after) = await KillAsync(folder);
        using (before)
        using (after)
        {
            string log = Path.Combine(before.Path, "wal", "log.0");
            byte[] bytes = await File.ReadAllBytesAsync(log, TestContext.Current.CancellationToken);
            bytes[bytes.AsSpan().LastIndexOfAnyExcept((byte)0) / 3] ^= 1;
            await File.WriteAllBytesAsync(log, bytes, TestContext.Current.CancellationToken);
            Directory.Delete(Path.Combine(before.Path, "pages"), recursive: true);
            await AssertRefusedAsync(before);
        }
    }

    [Fact]
    public async Task Open_CheckpointsWithoutAnyLog_IsRefusedAndKeepsThem()
    {
        using var folder = new DataFolder();
        (DataFolder before, DataFolder after) = await KillAsync(folder);
        using (before)
        using (after)
        {
            Directory.Delete(Path.Combine(after.Path, "wal"), recursive: true);
            string[] files = Directory.GetFiles(after.Path, "*", SearchOption.AllDirectories);
            await AssertRefusedAsync(after);

            Assert.All(files, file => Assert.True(File.Exists(file), file));
        }
    }

    [Fact]
    public async Task Open_ClosedFolderWithoutFormatAndSegment_IsRefused()
    {
        using var folder = new DataFolder();
        await using (TestDatabase test = await TestDatabase.OpenAsync(folder))
        {
            await test.CreateAsync(Config);
        }

        File.Delete(Path.Combine(folder.Path, "wal", "FORMAT"));
        File.Delete(Path.Combine(folder.Path, "wal", "log.0"));
        await AssertRefusedAsync(folder);
    }

    private static CollectionConfig Config => new() { Name = "points", Dimension = 12, Metric = Metric.L2, Attributes = RandomPoints.Schema };

    // What a kill leaves after the first checkpoint and a few points, and after the second.
    private static async Task<(DataFolder Before, DataFolder After)> KillAsync(DataFolder folder)
    {
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var workload = new Workload(new Random(1), new ModelCollection(Config), 40);
        Collection points = await test.CreateAsync(Config);
        await workload.Upsert(100)(points);
        await test.CheckpointAsync();
        await workload.Upsert(100)(points);
        DataFolder before = folder.Snapshot();
        await workload.Upsert(100)(points);
        await test.CheckpointAsync();
        await workload.Upsert(1)(points);
        return (before, folder.Snapshot());
    }

    private static async Task AssertRefusedAsync(DataFolder folder)
    {
        IOException error = await Assert.ThrowsAnyAsync<IOException>(() => TestDatabase.OpenAsync(folder));
        Assert.IsType<StorageCorruptionException>(error.InnerException ?? error);
        Assert.Contains(folder.Path, error.Message, StringComparison.Ordinal);
    }
}
