using System.Diagnostics;
using AnnServer.Core.Memory;
using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Diagnostics;
using AnnServer.Storage;
using AnnServer.Storage.Pages;
using Microsoft.Extensions.Logging;

namespace AnnServer.Engine.Checkpoints;

/// <summary>
/// The background thread that makes checkpoints: when so much log has come together, when the last is old, and when asked. It alone
/// writes to the page store. A checkpoint that fails fails the store: writes are refused from then on, reads go on.
/// </summary>
internal sealed class Checkpointer : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReaderPoll = TimeSpan.FromMilliseconds(5);

    private readonly OperationLog _log;
    private readonly PageStore _store;
    private readonly ScratchPool _scratches;
    private readonly CheckpointPolicy _policy;
    private readonly MemoryBudget _vectorMemory;
    private readonly EngineMetrics _metrics;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TimeSpan _patience;

    // Guards _asked.
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _wake = new(0);
    private List<Request> _asked = [];
    private Func<Predicate<IReadOnlyList<CollectionData>>, CheckpointSource?>? _begin;
    private Thread? _thread;
    private Timer? _watch;

    // Of the thread, which shows the round that it is at.
    private readonly Queue<(long Epoch, IReadOnlyList<(CollectionData Data, List<uint> Rows)> Moved)> _leaving = new();
    private volatile CheckpointRound? _round;
    private bool _cannotRewrite;
    private long _lastEnded = Stopwatch.GetTimestamp();

    // Of the watch.
    private long _pagesSeen;
    private long _lastRoom = Stopwatch.GetTimestamp();

    /// <param name="vectorMemory">Memory that checkpoints make room in.</param>
    /// <param name="patience">A write that the disk owes for longer is a fault.</param>
    public Checkpointer(
        OperationLog log,
        PageStore store,
        ScratchPool scratches,
        CheckpointPolicy policy,
        MemoryBudget vectorMemory,
        TimeSpan patience,
        EngineMetrics metrics,
        ILogger logger)
    {
        (_log, _store, _scratches, _policy, _vectorMemory) = (log, store, scratches, policy, vectorMemory);
        (_patience, _metrics, _logger) = (patience, metrics, logger);
        Newest = store.Checkpoints.Count == 0 ? null : store.Checkpoints[0];
    }

    /// <summary>The last checkpoint.</summary>
    public Checkpoint? Newest { get; private set; }

    /// <summary>Bytes of log that a start would replay.</summary>
    public long LogBytes => _log.Position.Address - (Newest?.Redo.Address ?? OperationLog.FirstPosition.Address);

    /// <param name="begin">
    /// Begins a checkpoint, of everything where the predicate says that it is time for that; null while none may be made.
    /// </param>
    public void Start(Func<Predicate<IReadOnlyList<CollectionData>>, CheckpointSource?> begin)
    {
        _begin = begin;
        _vectorMemory.HalfUsed = () => _wake.Release();
        _thread = new Thread(Run) { IsBackground = true, Name = "ann-checkpoint" };
        _thread.Start();
        _watch = new Timer(_ => Watch(), null, Poll, Poll);
    }

    /// <summary>A checkpoint that holds everything applied before the call; null if none may be made.</summary>
    /// <param name="use">Called with it while no other can be made, so that its files stay as they are.</param>
    /// <exception cref="StorageFaultException">The store has failed.</exception>
    public Task<Checkpoint?> RequestAsync(Action<Checkpoint, CancellationToken>? use = null)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
            var request = new Request(use);
            _asked.Add(request);
            _wake.Release();
            return request.Done.Task;
        }
    }

    /// <summary>Gives up the checkpoint that is being made, and makes no other.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping.Cancel();
            _wake.Release();
        }

        // A disk that does not answer must not hold up the end of the process; the folder stays locked then.
        _thread?.Join(_patience);
        _watch?.Dispose();
    }

    private void Run()
    {
        bool isPressed = false;
        while (!_stopping.IsCancellationRequested)
        {
            // At once where one has been made and there is still too little room.
            _wake.Wait(isPressed ? TimeSpan.Zero : _leaving.Count > 0 ? ReaderPoll : Poll);
            FreeWhatNobodyReads();
            List<Request> asked;
            lock (_gate)
            {
                asked = _asked;
                _asked = [];
            }

            if (_log.Fault is null && (asked.Count > 0 || IsDue()))
            {
                isPressed = TryMake(asked) && _vectorMemory.IsHalfUsed;
            }
            else
            {
                asked.ForEach(request => request.Done.SetException(_log.NewFault()));
                isPressed = false;
            }
        }

        lock (_gate)
        {
            _asked.ForEach(static request => request.Done.SetException(Stopped()));
            _asked = [];
        }
    }

    // Not where the disk is short of space: FASTER does not survive a page that it cannot write.
    private bool IsDue() =>
        (_policy.IsDue(LogBytes, Stopwatch.GetElapsedTime(_lastEnded)) || _vectorMemory.IsHalfUsed) && _log.Disk.Shortage() is null;

    // Whether there is a new checkpoint now.
    private bool TryMake(List<Request> asked)
    {
        Checkpoint? before = Newest;
        bool made = true;
        try
        {
            if (Newest is null || _log.LastLsn > Newest.Redo.Lsn)
            {
                made = TryWrite(out bool everything);
                if (everything && !_cannotRewrite)
                {
                    // The checkpoint before still needs what was just written anew; one more lets go of it.
                    TryWrite(out _);
                }
            }
        }
        catch (Exception error)
        {
            if (!_stopping.IsCancellationRequested)
            {
                // What the page store holds now is unknown, and nothing can be put right without starting anew.
                _log.Fail(error);
                EngineLog.CheckpointFailed(_logger, error);
            }

            asked.ForEach(request => request.Done.SetException(_stopping.IsCancellationRequested ? Stopped() : _log.NewFault()));
            return false;
        }

        asked.ForEach(request => request.Complete(made ? Newest : null, _stopping.Token));
        return Newest != before;
    }

    private bool TryWrite(out bool everything)
    {
        long started = Stopwatch.GetTimestamp();
        CheckpointSource? source = _begin!(ShouldRewrite);
        everything = source?.Everything ?? false;
        if (source is null)
        {
            return false;
        }

        var round = new CheckpointRound(_log, _store, _scratches);
        _round = round;
        Newest = round.Write(source, _stopping.Token);
        // It holds a place for every vector that it wrote.
        _round = null;
        if (round.Moved.Count > 0)
        {
            _leaving.Enqueue((_scratches.AdvanceEpoch(), round.Moved));
        }

        if (round.Unreadable is { } error)
        {
            // Nor would the next be able to. Everything else is served and written; who asks for the vector is told.
            _cannotRewrite = true;
            EngineLog.RewriteFailed(_logger, error);
        }

        // Not further than the checkpoint before, which stands in where this one is damaged.
        _log.TruncateUntil(_store.Checkpoints.Count > 1 ? _store.Checkpoints[^1].Redo : OperationLog.FirstPosition);

        _lastEnded = Stopwatch.GetTimestamp();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
        _metrics.Checkpointed(round.Pages, round.Bytes, elapsed);
        EngineLog.Checkpointed(_logger, Newest.Number, round.Pages, round.Bytes, Newest.Bytes, elapsed.TotalMilliseconds);
        return true;
    }

    private bool ShouldRewrite(IReadOnlyList<CollectionData> collections)
    {
        long useful = collections.Sum(static data => data.EstimatePageBytes());
        // With what would come on top: where most has changed, all costs little more, and nothing out of date is left.
        long bytes = (Newest?.Bytes ?? 0) + collections.Sum(static data => data.EstimateChangedBytes());
        // What is out of date goes only after it has been written anew.
        return Newest is not null && !_cannotRewrite && _policy.IsWasteful(bytes, useful) && _log.Disk.FreeBytes > 2 * useful;
    }

    // By epochs, the oldest first: a search that takes long holds up what has left since it began, and nothing else.
    private void FreeWhatNobodyReads()
    {
        while (_leaving.TryPeek(out var left) && !_scratches.HasReadersBefore(left.Epoch))
        {
            _leaving.Dequeue();
            foreach ((CollectionData data, List<uint> rows) in left.Moved)
            {
                data.Index.FreeMoved(rows);
            }
        }
    }

    private void Watch()
    {
        WatchVectorMemory();
        if (_store.BusyFor > _patience && _log.Fault is null)
        {
            _log.Fail(new TimeoutException($"The disk has owed a write of the page store for {_patience}."));
        }
    }

    // Whoever waits for memory for vectors waits as long as a checkpoint gets on that will make room.
    private void WatchVectorMemory()
    {
        long pages = _round?.Pages ?? 0;
        if (!_vectorMemory.IsFull || pages != _pagesSeen)
        {
            _pagesSeen = pages;
            _lastRoom = Stopwatch.GetTimestamp();
        }
        else if (_log.Fault is not null || Stopwatch.GetElapsedTime(_lastRoom) > _patience)
        {
            _vectorMemory.GiveUp();
        }
    }

    private static ObjectDisposedException Stopped() => new(nameof(Checkpointer));

    private sealed class Request(Action<Checkpoint, CancellationToken>? use)
    {
        public TaskCompletionSource<Checkpoint?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Complete(Checkpoint? checkpoint, CancellationToken stopping)
        {
            try
            {
                if (checkpoint is not null)
                {
                    use?.Invoke(checkpoint, stopping);
                }

                Done.SetResult(checkpoint);
            }
            catch (Exception error)
            {
                // Whoever asked has failed, not the checkpoint.
                Done.SetException(error);
            }
        }
    }
}
