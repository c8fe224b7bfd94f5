using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;
using AnnServer.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace AnnServer.Engine.Tests.Differential;

/// <summary>
/// Checkpoints and backups, and the three ways in which a database is opened again: after an orderly close, from what a crash
/// leaves, and from a backup. Everything is compared after each.
/// </summary>
internal sealed class Restarts(Random random, IReadOnlyList<Subject> subjects, Tally tally) : IDisposable
{
    private const int LongestChain = 4;

    private readonly TempDirectory _backups = new();

    // Each depends on the one before.
    private readonly List<Backup> _chain = [];
    private int _lastBackup;

    public DataFolder Folder { get; private set; } = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Step Checkpoint() => new(OperationKind.Checkpoint, $"{OperationKind.Checkpoint}", async test =>
    {
        ulong sequence = test.Database.GetStats().Sequence;
        Assert.InRange((await test.CheckpointAsync()).Sequence, sequence, ulong.MaxValue);
        return 0;
    });

    public Step BackUp()
    {
        if (_chain.Count == LongestChain)
        {
            _chain.Clear();
        }

        string? before = _chain.Count == 0 ? null : _chain[^1].Folder;
        var backup = new Backup(
            Path.Combine(_backups.Path, $"{++_lastBackup}"), [.. subjects.Select(subject => subject.Exists ? subject.Model.Clone() : null)]);
        _chain.Add(backup);
        return new Step(OperationKind.Backup, $"{OperationKind.Backup} {_chain.Count} of a chain", async test =>
        {
            ulong sequence = test.Database.GetStats().Sequence;
            EngineResult<BackupInfo> made = await test.Database.BackupAsync(backup.Folder, before, Cancellation);
            Assert.Null(made.Error);
            Assert.InRange(made.Value.Sequence, sequence, ulong.MaxValue);
            return backup.Models.Sum(model => model?.Points.Count ?? 0);
        });
    }

    public Step Reopen() => new(OperationKind.Reopen, $"{OperationKind.Reopen}", async test =>
    {
        (ulong? Sequence, string[] Graphs) before = Comparison.Graphs(test);
        await test.RestartAsync();
        AssertSameGraphs(before, test);
        return Comparison.AssertAll(test, subjects, tally);
    });

    /// <summary>Goes on from the folder as a process killed at this moment would leave it.</summary>
    public Step Crash() => new(OperationKind.Crash, $"{OperationKind.Crash}", async test =>
    {
        (ulong? Sequence, string[] Graphs) before = Comparison.Graphs(test);
        await MoveAsync(test, Folder.Snapshot());
        AssertSameGraphs(before, test);
        return Comparison.AssertAll(test, subjects, tally);
    });

    /// <summary>Goes back to a backup, in a new folder; a backup where there is none.</summary>
    public Step Restore()
    {
        if (_chain.Count == 0)
        {
            return BackUp();
        }

        int number = random.Next(_chain.Count);
        Backup backup = _chain[number];
        for (int i = 0; i < subjects.Count; i++)
        {
            subjects[i].Become(backup.Models[i]);
        }

        // A restored store is another one: its backups begin a chain of their own.
        _chain.Clear();
        return new Step(OperationKind.Restore, $"{OperationKind.Restore} of backup {number + 1} of a chain", async test =>
        {
            var folder = new DataFolder();
            ulong sequence = Database.Restore(backup.Folder, folder.Path, NullLoggerFactory.Instance);
            await MoveAsync(test, folder);
            Assert.InRange(test.Database.GetStats().Sequence, sequence, ulong.MaxValue);
            foreach (string spent in Directory.GetDirectories(_backups.Path))
            {
                Directory.Delete(spent, recursive: true);
            }

            return Comparison.AssertAll(test, subjects, tally);
        });
    }

    public void Dispose()
    {
        Folder.Dispose();
        _backups.Dispose();
    }

    private async Task MoveAsync(TestDatabase test, DataFolder folder)
    {
        DataFolder left = Folder;
        Folder = folder;
        await test.RestartAsync(folder);
        left.Dispose();
    }

    // A sweep under way when the database ended, or from its start, has changed the graphs; it shows in the sequence.
    private void AssertSameGraphs((ulong? Sequence, string[] Graphs) before, TestDatabase test)
    {
        (ulong? Sequence, string[] Graphs) after = Comparison.Graphs(test);
        if (before.Sequence is not null && before.Sequence == after.Sequence)
        {
            Assert.Equal(before.Graphs, after.Graphs);
            tally.SameGraphs++;
        }
    }

    private sealed record Backup(string Folder, ModelCollection?[] Models);
}
