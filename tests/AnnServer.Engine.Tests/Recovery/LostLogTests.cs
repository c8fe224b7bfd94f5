using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;
using AnnServer.Storage;

namespace AnnServer.Engine.Tests.Recovery;

/// <summary>What a log cannot show by itself, others can: that it was longer once. Refused, a folder stays as it is.</summary>
public sealed class LostLogTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public Task Open_LogOfBeforeTheLastCheckpoint_IsRefused(int tornBytes) => AssertRefusedAsync((before, after) =>
    {
        byte[] older = File.ReadAllBytes(Log(before));
        File.WriteAllBytes(Log(after), older[..(UsedBytes(older) - tornBytes)]);
        return after;
    });

    [Fact]
    public Task Open_LogOfBeforeACheckpointThatIsGoneToo_IsRefused() => AssertRefusedAsync((before, after) =>
    {
        File.Copy(Log(before), Log(after), overwrite: true);
        File.Delete(Path.Combine(after.Path, "pages", "MANIFEST-2"));
        return after;
    });

    [Fact]
    public Task Open_LogThatBeginsLaterWithoutCheckpoints_IsRefused() => AssertRefusedAsync((_, after) =>
    {
        Array.ForEach(Directory.GetFiles(Path.Combine(after.Path, "pages"), "MANIFEST-*"), File.Delete);
        return after;
    });

    [Fact]
    public Task Open_RecordDamagedBeforeTheEndOfTheLog_IsRefused() => AssertRefusedAsync((before, _) =>
    {
        byte[] bytes = File.ReadAllBytes(Log(before));
        bytes[UsedBytes(bytes) / 3] ^= 1;
        File.WriteAllBytes(Log(before), bytes);
        Directory.Delete(Path.Combine(before.Path, "pages"), recursive: true);
        return before;
    });

    [Fact]
    public Task Open_CheckpointsWithoutAnyLog_IsRefused() => AssertRefusedAsync((_, after) =>
    {
        Directory.Delete(Path.Combine(after.Path, "wal"), recursive: true);
        return after;
    });

    [Fact]
    public Task Open_HighWaterMarkWithoutAnyLog_IsRefused() => AssertRefusedAsync((_, after) =>
    {
        File.Delete(Path.Combine(after.Path, "wal", "FORMAT"));
        File.Delete(Log(after));
        Directory.Delete(Path.Combine(after.Path, "pages"), recursive: true);
        return after;
    });

    private static CollectionConfig Config => new() { Name = "points", Dimension = 12, Metric = Metric.L2, Attributes = RandomPoints.Schema };

    private static string Log(DataFolder folder) => Path.Combine(folder.Path, "wal", "log.0");

    private static int UsedBytes(byte[] bytes) => bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;

    /// <param name="damage">Damages what a kill leaves after the first checkpoint, or after the second, and says which is to be opened.</param>
    private static async Task AssertRefusedAsync(Func<DataFolder, DataFolder, DataFolder> damage)
    {
        using var folder = new DataFolder();
        (DataFolder before, DataFolder after) = await KillAsync(folder);
        using (before)
        using (after)
        {
            DataFolder damaged = damage(before, after);
            // Commit metadata only speeds up a start.
            Dictionary<string, byte[]> files = Directory.GetFiles(damaged.Path, "*", SearchOption.AllDirectories)
                .Where(static file => !file.Contains("log-commits", StringComparison.Ordinal))
                .ToDictionary(static file => file, File.ReadAllBytes);

            IOException error = await Assert.ThrowsAnyAsync<IOException>(() => TestDatabase.OpenAsync(damaged));

            Assert.IsType<StorageCorruptionException>(error.InnerException ?? error);
            Assert.Contains(damaged.Path, error.Message, StringComparison.Ordinal);
            Assert.All(files, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
        }
    }

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
}
