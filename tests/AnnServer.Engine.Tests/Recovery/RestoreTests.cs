using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;
using AnnServer.Storage;
using AnnServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace AnnServer.Engine.Tests.Recovery;

/// <summary>A backup in the place of a database, wherever the process ends on the way.</summary>
public sealed class RestoreTests : IAsyncLifetime
{
    private readonly TempDirectory _backups = new();
    private readonly ModelCollection _model = new(Config());
    private string _graph = "";
    private ulong _sequence;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Backup => Path.Combine(_backups.Path, "b");

    // What a process that is killed at each step leaves in the folder, from the state after the second: the draft is complete.
    private static Dictionary<string, (Action<string> Make, bool IsRestored)> States => new()
    {
        ["nothing moved"] = (static _ => { }, true),
        ["old pages deleted in part"] = (static root => DeleteSome(root, "pages"), true),
        ["old pages deleted"] = (static root => Delete(root, "pages"), true),
        ["pages moved"] = (static root => Move(root, "pages"), true),
        ["pages moved, old log deleted in part"] = (static root => { Move(root, "pages"); DeleteSome(root, "wal"); }, true),
        ["pages moved, old log deleted"] = (static root => { Move(root, "pages"); Delete(root, "wal"); }, true),
        ["both moved"] = (static root => { Move(root, "pages"); Move(root, "wal"); }, true),
        ["both moved, mark gone"] = (static root => { Move(root, "pages"); Move(root, "wal"); Unmark(root); }, true),
        ["all done"] = (static root => { Move(root, "pages"); Move(root, "wal"); Directory.Delete(Draft(root), true); }, true),
        ["no mark"] = (static root => Unmark(root), false),
        ["mark not renamed yet"] = (static root => File.Move(Mark(root), Mark(root) + ".tmp"), false),
        ["draft without a log"] = (static root => { Unmark(root); Directory.Delete(Path.Combine(Draft(root), "wal"), true); }, false),
        ["draft with part of its pages"] = (static root => { Unmark(root); DeleteSome(Draft(root), "pages"); }, false),
        ["draft that is empty"] = (static root => { Directory.Delete(Draft(root), true); Directory.CreateDirectory(Draft(root)); }, false),
        ["draft that is a file"] = (static root => { Directory.Delete(Draft(root), true); File.WriteAllText(Draft(root), "?"); }, false),
    };

    public static TheoryData<string> StateNames => [.. States.Keys];

    public async ValueTask InitializeAsync()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var workload = new Workload(new Random(1), _model, 40);
        await workload.Upsert(600)(await test.CreateAsync(Config()));
        for (int i = 0; i < 20; i++)
        {
            await workload.Next()(test.Collection("points"));
        }

        await test.SettleAsync("points", workload.Hidden);
        _graph = GraphText.Of(test.Collection("points").Data.Index);
        _sequence = (await test.Database.BackupAsync(Backup, null, Cancellation)).Value.Sequence;
    }

    [Theory]
    [MemberData(nameof(StateNames))]
    public async Task Open_AfterAKillAtAStep_HasTheBackupOrWhatWasThere(string state)
    {
        using var folder = new DataFolder();
        ulong before = await RestoreIntoAsync(folder);
        States[state].Make(folder.Path);

        await using TestDatabase test = await TestDatabase.OpenAsync(folder);

        Assert.False(Directory.Exists(Draft(folder.Path)));
        if (States[state].IsRestored)
        {
            await AssertRestoredAsync(test);
        }
        else
        {
            Assert.Empty(test.Database.ListCollections());
            Assert.Equal(before, test.Database.GetStats().Sequence);
            await test.CreateAsync(Config());
            await test.RestartAsync();
            Assert.Equal(before + 1, test.Database.GetStats().Sequence);
        }
    }

    [Fact]
    public async Task Restore_AfterOneThatWasNotFinished_GoesThrough()
    {
        using var folder = new DataFolder();
        await RestoreIntoAsync(folder);
        Unmark(folder.Path);
        DeleteSome(Draft(folder.Path), "pages");
        await RestoreIntoAsync(folder);
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        await AssertRestoredAsync(test);
    }

    [Fact]
    public async Task Restore_WhereThereAreCollections_IsRefusedAndChangesNothing()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        await test.CreateAsync(Config() with { Name = "other" });

        EngineResult<ulong> refused = await test.Database.RestoreAsync(Backup, Cancellation);

        Assert.Equal(EngineStatus.FailedPrecondition, refused.Error?.Status);
        Assert.Contains("there is 1", refused.Error!.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Draft(folder.Path)));
        Assert.False(test.Database.IsClosed);
        await test.RestartAsync();
        Assert.Equal("other", Assert.Single(test.Database.ListCollections()).Config.Name);
    }

    [Fact]
    public async Task Restore_OfADamagedBackup_IsRefusedAndTheDatabaseGoesOn()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        var random = new Random(5);
        foreach (string file in Directory.GetFiles(Backup))
        {
            byte[] sound = await File.ReadAllBytesAsync(file, Cancellation);
            File.Delete(file);
            await AssertDamagedAsync(test, folder);
            for (int trial = 0; trial < 3; trial++)
            {
                await File.WriteAllBytesAsync(file, sound, Cancellation);
                Damage.Do(file, sound, random);
                if (!IsSame(file, sound))
                {
                    await AssertDamagedAsync(test, folder);
                }
            }

            await File.WriteAllBytesAsync(file, sound, Cancellation);
        }

        await test.CreateAsync(Config());
        await test.RestartAsync();
        Assert.Equal(1UL, test.Database.GetStats().Sequence);
    }

    [Theory]
    [InlineData(".")]
    [InlineData("../absent")]
    [InlineData("\0")]
    public async Task Restore_OfABackupWhoseBeforeIsNone_IsDamage(string before)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        File.Delete(Path.Combine(Backup, "pages.0"));
        await File.WriteAllTextAsync(Path.Combine(Backup, "BEFORE"), before, Cancellation);

        await AssertDamagedAsync(test, folder);
    }

    [Fact]
    public async Task Restore_GivenUp_LeavesNothingBehind()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await test.Database.RestoreAsync(Backup, new CancellationToken(canceled: true)));

        Assert.False(Directory.Exists(Draft(folder.Path)));
        await test.CreateAsync(Config());
    }

    [Fact]
    public async Task Restore_WhatIsInTheWay_IsRefusedAndTheDatabaseGoesOn()
    {
        using var folder = new DataFolder();
        await File.WriteAllTextAsync(Draft(folder.Path), "?", Cancellation);
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);

        EngineResult<ulong> refused = await test.Database.RestoreAsync(Backup, Cancellation);

        Assert.Equal(EngineStatus.FailedPrecondition, refused.Error?.Status);
        await test.CreateAsync(Config());
    }

    [Fact]
    public async Task Restore_TwiceAtOnce_IsDoneOnce()
    {
        using var folder = new DataFolder();
        await using (TestDatabase test = await TestDatabase.OpenAsync(folder))
        {
            EngineResult<ulong>[] restored = await Task.WhenAll(
                Enumerable.Range(0, 4).Select(_ => Task.Run(async () => await test.Database.RestoreAsync(Backup, Cancellation), Cancellation)));

            Assert.Equal(_sequence, Assert.Single(restored, one => one.IsOk).Value);
            Assert.All(restored.Where(one => !one.IsOk), one => Assert.Equal(EngineStatus.Unavailable, one.Error!.Status));
            EngineResult<CollectionInfo> late = await test.Database.CreateCollectionAsync(Config(), new Faults(), Cancellation);
            Assert.Equal(EngineStatus.Unavailable, late.Error?.Status);
        }

        await using TestDatabase opened = await TestDatabase.OpenAsync(folder);
        await AssertRestoredAsync(opened);
    }

    [Fact]
    public async Task RestoreToADirectory_WhereAnAttemptWasKilled_GoesThroughOrHasGoneThrough()
    {
        using var partial = new DataFolder();
        Directory.CreateDirectory(Path.Combine(Draft(partial.Path), "pages"));
        await File.WriteAllTextAsync(Path.Combine(partial.Path, "LOCK"), "", Cancellation);
        Assert.Equal(_sequence, Database.Restore(Backup, partial.Path, NullLoggerFactory.Instance));
        await using (TestDatabase test = await TestDatabase.OpenAsync(partial))
        {
            await AssertRestoredAsync(test);
        }

        using var complete = new DataFolder();
        await RestoreIntoAsync(complete);
        Delete(complete.Path, "wal");
        Delete(complete.Path, "pages");
        Assert.Contains(
            "not empty", Assert.Throws<IOException>(() => Database.Restore(Backup, complete.Path, NullLoggerFactory.Instance)).Message, StringComparison.Ordinal);
        await using TestDatabase finished = await TestDatabase.OpenAsync(complete);
        await AssertRestoredAsync(finished);
    }

    [Fact]
    public void RestoreToADirectory_ThatIsLocked_IsRefused()
    {
        using var folder = new DataFolder();
        using FileStream held = new(Path.Combine(folder.Path, "LOCK"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);

        IOException refused = Assert.Throws<IOException>(() => Database.Restore(Backup, folder.Path, NullLoggerFactory.Instance));

        Assert.Contains("in use", refused.Message, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync()
    {
        _backups.Dispose();
        return ValueTask.CompletedTask;
    }

    private static CollectionConfig Config() => new()
    {
        Name = "points",
        Dimension = 12,
        Metric = Metric.L2,
        Hnsw = new HnswConfig { M = 6, EfConstruction = 40 },
        Attributes = RandomPoints.Schema,
    };

    private static bool IsSame(string file, byte[] sound) => File.Exists(file) && sound.AsSpan().SequenceEqual(File.ReadAllBytes(file));

    private static string Draft(string root) => Path.Combine(root, ".restoring");

    private static string Mark(string root) => Path.Combine(Draft(root), "COMPLETE");

    private static void Unmark(string root) => File.Delete(Mark(root));

    private static void Delete(string root, string part) => Directory.Delete(Path.Combine(root, part), recursive: true);

    private static void DeleteSome(string root, string part)
    {
        string[] files = Directory.GetFiles(Path.Combine(root, part), "*", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        foreach (string file in files.Order(StringComparer.Ordinal).Take((files.Length / 2) + 1))
        {
            File.Delete(file);
        }
    }

    private static void Move(string root, string part)
    {
        Delete(root, part);
        Directory.Move(Path.Combine(Draft(root), part), Path.Combine(root, part));
    }

    // A database with a history and without collections, whose place the backup is to take. Returns its sequence.
    private async Task<ulong> RestoreIntoAsync(DataFolder folder)
    {
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        await test.CreateAsync(Config() with { Name = "old" });
        await test.CheckpointAsync();
        Assert.Null((await test.Database.DeleteCollectionAsync("old", Cancellation)).Error);
        await test.CheckpointAsync();
        ulong before = test.Database.GetStats().Sequence;

        Assert.Equal(_sequence, (await test.Database.RestoreAsync(Backup, Cancellation)).Value);

        Assert.True(test.Database.IsClosed);
        Assert.True(File.Exists(Mark(folder.Path)));
        return before;
    }

    private async Task AssertRestoredAsync(TestDatabase test)
    {
        Assert.Equal(_sequence, test.Database.GetStats().Sequence);
        Assert.Equal(_graph, GraphText.Of(test.Collection("points").Data.Index));
        var model = _model.Clone();
        model.AssertAll(test.Collection("points"));
        var workload = new Workload(new Random(3), model, 40);
        await workload.Upsert(50)(test.Collection("points"));
        await test.RestartAsync();
        await test.CheckpointAsync();
        await test.RestartAsync();
        Assert.Equal(_sequence + 50, test.Database.GetStats().Sequence);
        model.AssertAll(test.Collection("points"));
    }

    private async Task AssertDamagedAsync(TestDatabase test, DataFolder folder)
    {
        EngineResult<ulong> refused = await test.Database.RestoreAsync(Backup, Cancellation);
        Assert.Equal(EngineStatus.DataLoss, refused.Error?.Status);
        Assert.False(Directory.Exists(Draft(folder.Path)));
        Assert.Null(test.Database.Fault);
        Assert.Empty(test.Database.ListCollections());
    }
}
