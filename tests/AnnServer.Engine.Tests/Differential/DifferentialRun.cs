using AnnServer.Engine.Tests.Collections;
using Xunit.Sdk;

namespace AnnServer.Engine.Tests.Differential;

/// <summary>
/// One database and its models. Operations are drawn from the seed and the models alone, so that the same seed makes the same ones
/// again; the answer to each is compared with what the models say.
/// </summary>
internal sealed class DifferentialRun : IAsyncDisposable
{
    // Of ten thousand operations. Collections are created as they are drawn.
    private static readonly (OperationKind Kind, int Share)[] Shares =
    [
        (OperationKind.UpsertOne, 2200),
        (OperationKind.UpsertMany, 500),
        (OperationKind.UpsertRefused, 80),
        (OperationKind.DeleteIds, 700),
        (OperationKind.DeleteMatching, 30),
        (OperationKind.UpdateAttributes, 900),
        (OperationKind.Get, 1085),
        (OperationKind.Count, 900),
        (OperationKind.Scroll, 150),
        (OperationKind.Facets, 120),
        (OperationKind.Sample, 80),
        (OperationKind.ExactSearch, 1250),
        (OperationKind.GraphSearch, 1000),
        (OperationKind.FilteredGraphSearch, 800),
        (OperationKind.SearchBatch, 120),
        (OperationKind.ChangeSchema, 30),
        (OperationKind.DropCollection, 5),
        (OperationKind.Checkpoint, 24),
        (OperationKind.Backup, 8),
        (OperationKind.Reopen, 7),
        (OperationKind.Crash, 7),
        (OperationKind.Restore, 4),
    ];

    private readonly int _seed;
    private readonly Random _random;
    private readonly Tally _tally;
    private readonly Writes _writes;
    private readonly Reads _reads;
    private readonly Searches _searches;
    private readonly CollectionChanges _changes;
    private readonly Restarts _restarts;
    private TestDatabase? _test;
    private int _operations;

    public DifferentialRun(int seed, Tally tally)
    {
        (_seed, _tally) = (seed, tally);
        _random = new Random(seed);
        Subjects = SubjectKinds.All(_random);
        _writes = new Writes(_random);
        _reads = new Reads(_random);
        _searches = new Searches(_random, tally);
        _changes = new CollectionChanges(_random);
        _restarts = new Restarts(_random, Subjects, tally);
    }

    public IReadOnlyList<Subject> Subjects { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Makes operations that are drawn, as many as are wanted, and in the end closes and opens the database once more.</summary>
    public async Task GoOnAsync(int operations)
    {
        _test ??= await TestDatabase.OpenAsync(_restarts.Folder);
        for (int i = 0; i < operations; i++)
        {
            await MakeAsync(Draw);
        }

        await MakeAsync(_restarts.Reopen);
    }

    public async ValueTask DisposeAsync()
    {
        if (_test is not null)
        {
            await _test.DisposeAsync();
        }

        _restarts.Dispose();
    }

    private async Task MakeAsync(Func<Step> draw)
    {
        _operations++;
        string what = "drawing it";
        try
        {
            Step step = draw();
            what = step.What;
            int points = await step.MakeAsync(_test!);
            Assert.Empty(_test!.TakeErrors());
            _tally.Made(step.Kind, points);
        }
        catch (Exception error) when (!Cancellation.IsCancellationRequested)
        {
            throw new XunitException(
                $"Operation {_operations} of seed {_seed}, {what}: {error.Message} "
                + $"To make it again: ANN_LAB_SEED={_seed} ANN_LAB_OPERATIONS={_operations}.",
                error);
        }
    }

    private Step Draw()
    {
        Subject subject = Subjects[_random.Next(Subjects.Count)];
        if (!subject.Exists)
        {
            // Most are left out for a while, so that something happens meanwhile.
            subject = _random.Next(20) == 0 ? subject : Subjects.FirstOrDefault(other => other.Exists, subject);
            if (!subject.Exists)
            {
                return CollectionChanges.Create(subject);
            }
        }

        OperationKind kind = subject.IsSparse && _random.Next(4) == 0 ? OperationKind.UpsertMany : DrawKind();
        return kind switch
        {
            <= OperationKind.UpdateAttributes => _writes.Draw(kind, subject),
            OperationKind.Get => _reads.Get(subject),
            OperationKind.Count => _reads.Count(subject),
            OperationKind.Scroll => _reads.Scroll(subject),
            OperationKind.Facets => _reads.Facets(subject),
            OperationKind.Sample => _reads.Sample(subject),
            OperationKind.ExactSearch or OperationKind.GraphSearch or OperationKind.FilteredGraphSearch => _searches.One(kind, subject),
            OperationKind.SearchBatch => _searches.Batch(subject),
            OperationKind.ChangeSchema => _changes.ChangeSchema(subject),
            OperationKind.DropCollection => CollectionChanges.Drop(subject),
            OperationKind.Checkpoint => Restarts.Checkpoint(),
            OperationKind.Backup => _restarts.BackUp(),
            OperationKind.Reopen => _restarts.Reopen(),
            OperationKind.Crash => _restarts.Crash(),
            OperationKind.Restore => _restarts.Restore(),
            _ => throw new InvalidOperationException($"{kind} is not drawn."),
        };
    }

    private OperationKind DrawKind()
    {
        int at = _random.Next(Shares.Sum(share => share.Share));
        foreach ((OperationKind kind, int share) in Shares)
        {
            at -= share;
            if (at < 0)
            {
                return kind;
            }
        }

        throw new InvalidOperationException("The shares have no sum.");
    }
}
