using Microsoft.Extensions.Logging;

namespace AnnServer.Storage;

/// <summary>Appends records and makes them durable: many appenders, one committer, one commit under way at a time.</summary>
internal sealed class LogWriter : IDisposable
{
    private readonly LogFile _file;
    private readonly StorageOptions _options;
    private readonly StorageLayout _layout;
    private readonly LogFormat _format;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly ITimer _flushTimer;

    // Protects every field below it. Held for the copy of one record or the issue of one commit; log order is LSN order
    // because both are decided here. Nothing of ours is locked inside it.
    private readonly object _gate = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly CommitWaiters _waiters = new();
    private byte[] _scratch = new byte[4096];
    private ulong _lastLsn;
    private ulong _durableLsn;
    private long _tail;
    private long _durableTail;
    private CommitMark _mark;
    private Exception? _fault;
    private bool _closing;
    private bool _sealing;
    private bool _truncating;
    private bool _wakePending;
    private bool _flushTimerRuns;
    private bool _flushDue;
    private int _blockedAppends;

    private long _appends;
    private long _appendedBytes;
    private long _commits;
    private TimeSpan _lastCommit;
    private TimeSpan _totalCommit;

    // Used by the committer alone.
    private long _recordedSegment = -1;
    private bool _isRecorded;
    private Task<(bool, long, long)> _issued = Task.FromResult((true, 0L, 0L));

    public LogWriter(LogFile file, CommitMark mark, StorageDependencies dependencies, LogFormat format)
    {
        _file = file;
        _mark = mark;
        _options = dependencies.Options;
        _layout = new StorageLayout(_options.Directory);
        _format = format;
        _logger = dependencies.Logger;
        _time = dependencies.Time;
        _flushTimer = _time.CreateTimer(
            static writer => ((LogWriter)writer!).OnFlushDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _lastLsn = _durableLsn = mark.LastLsn;
        _tail = _durableTail = file.Log.CommittedUntilAddress;
    }

    public ulong LastLsn => Volatile.Read(ref _lastLsn);

    public ulong DurableLsn => Volatile.Read(ref _durableLsn);

    public LogPosition Position
    {
        get
        {
            lock (_gate)
            {
                return new LogPosition(_lastLsn, _tail);
            }
        }
    }

    public Exception? Fault => Volatile.Read(ref _fault);

    /// <summary>The last write given to the disk; unfinished only after a fault.</summary>
    public Task Issued => _issued;

    public LogStatistics Statistics
    {
        get
        {
            lock (_gate)
            {
                return new LogStatistics
                {
                    Appends = _appends,
                    AppendedBytes = _appendedBytes,
                    Commits = _commits,
                    LastCommitDuration = _lastCommit,
                    TotalCommitDuration = _totalCommit,
                };
            }
        }
    }

    /// <summary>Address after the last record appended.</summary>
    public long Tail => Volatile.Read(ref _tail);

    /// <summary>Address up to which everything is on stable storage.</summary>
    public long DurableTail => Volatile.Read(ref _durableTail);

    public bool IsBehind => Tail - DurableTail >= _options.MemoryBytes / 4;

    /// <summary>Blocks while the log is behind; not after a fault.</summary>
    public void WaitWhileBehind()
    {
        if (!IsBehind)
        {
            return;
        }

        lock (_gate)
        {
            _blockedAppends++;
            Wake();
            while (IsBehind && _fault is null && !_closing)
            {
                Monitor.Wait(_gate);
            }

            _blockedAppends--;
        }
    }

    public ulong Append(byte operation, uint collection, ReadOnlySpan<byte> payload)
    {
        int length = RecordEnvelope.OverheadBytes + payload.Length;
        lock (_gate)
        {
            WaitForRoom(length);
            if (_scratch.Length < length)
            {
                _scratch = new byte[Math.Max(length, Math.Min(_scratch.Length * 2, _options.PageBytes))];
            }

            ulong lsn = _lastLsn + 1;
            Span<byte> envelope = _scratch.AsSpan(0, length);
            RecordEnvelope.Write(envelope, new LogRecord
            {
                Lsn = lsn,
                Epoch = _format.Epoch,
                Operation = operation,
                Collection = collection,
                Payload = payload,
            });
            Volatile.Write(ref _tail, LogFile.EndOf(Enqueue(envelope), length));
            Volatile.Write(ref _lastLsn, lsn);
            _appends++;
            _appendedBytes += payload.Length;
            if (!_flushTimerRuns)
            {
                _flushTimerRuns = true;
                _flushTimer.Change(_options.FlushInterval, Timeout.InfiniteTimeSpan);
            }

            if (IsCommitDue)
            {
                Wake();
            }

            return lsn;
        }
    }

    /// <summary>The log begins at the address from the next commit on, which is made in any case.</summary>
    public void TruncateUntil(long address)
    {
        lock (_gate)
        {
            ThrowIfUnusable();
            _file.Log.TruncateUntil(address);
            _truncating = true;
            Wake();
        }
    }

    /// <summary>Asks for a commit that covers the record; the task ends with it.</summary>
    public Task RequestCommit(ulong lsn)
    {
        lock (_gate)
        {
            // Closing is no reason: what has been appended is still made durable.
            ThrowIfFailed();
            if (lsn <= _durableLsn)
            {
                return Task.CompletedTask;
            }

            ArgumentOutOfRangeException.ThrowIfGreaterThan(lsn, _lastLsn);
            Task durable = _waiters.Join(lsn);
            if (_waiters.NextWanted)
            {
                Wake();
            }

            return durable;
        }
    }

    public ValueTask WaitDurableAsync(ulong lsn, CancellationToken cancellationToken)
    {
        Task durable = RequestCommit(lsn);
        return new ValueTask(cancellationToken.CanBeCanceled ? durable.WaitAsync(cancellationToken) : durable);
    }

    /// <summary>The committer: sleeps until it is woken, commits until nobody waits; ends after <see cref="RequestClose"/> or a fault.</summary>
    public async Task RunAsync()
    {
        while (true)
        {
            await _wake.WaitAsync().ConfigureAwait(false);
            while (TryBegin(force: false))
            {
                if (!await FinishAsync().ConfigureAwait(false))
                {
                    return;
                }
            }

            lock (_gate)
            {
                if (_closing)
                {
                    return;
                }
            }
        }
    }

    /// <summary>Commits once, with or without records, before the committer runs.</summary>
    public async Task CommitAsync()
    {
        if (TryBegin(force: true))
        {
            await FinishAsync().ConfigureAwait(false);
        }

        lock (_gate)
        {
            ThrowIfUnusable();
        }
    }

    /// <summary>Refuses further work and lets the committer finish what there is; sealing adds the empty commit that marks an orderly end.</summary>
    public void RequestClose(bool seal)
    {
        lock (_gate)
        {
            _closing = true;
            _sealing = seal;
            Wake();
            Monitor.PulseAll(_gate);
        }
    }

    public void Dispose()
    {
        _flushTimer.Dispose();
        _wake.Dispose();
    }

    // FASTER spins for ever when its memory is full and the disk is dead, in its own commit even without noticing the
    // error. Half of the memory is therefore the most that may await the disk.
    private void WaitForRoom(int length)
    {
        ThrowIfUnusable();
        while (_tail > _durableTail
            && LogFile.EndOf(_tail, length) + _options.PageBytes - _durableTail > _options.MemoryBytes / 2)
        {
            _blockedAppends++;
            Wake();
            Monitor.Wait(_gate);
            _blockedAppends--;
            ThrowIfUnusable();
        }
    }

    // Early enough that the disk is done before the log is behind. Under the gate.
    private bool IsCommitDue => _tail - _durableTail >= _options.MemoryBytes / 8;

    private long Enqueue(ReadOnlySpan<byte> envelope)
    {
        try
        {
            long address;
            while (!_file.Log.TryEnqueue(envelope, out address))
            {
                // Room is known to be there; FASTER is turning a page.
                Thread.Yield();
            }

            return address;
        }
        catch (Exception e)
        {
            Fail(e);
            throw NewFault();
        }
    }

    // The timer is started by the first record that finds it at rest, so no record waits for longer; where all are durable by
    // then, nothing is written. It may fire once more while, and after, the writer is closed.
    private void OnFlushDue()
    {
        lock (_gate)
        {
            _flushTimerRuns = false;
            if (!_closing && _fault is null && _lastLsn > _durableLsn)
            {
                _flushDue = true;
                Wake();
            }
        }
    }

    // Under the gate. While a commit is under way its end looks for more work by itself.
    private void Wake()
    {
        if (!_wakePending && !_waiters.Committing)
        {
            _wakePending = true;
            _wake.Release();
        }
    }

    private bool TryBegin(bool force)
    {
        lock (_gate)
        {
            _wakePending = false;
            bool due = _waiters.NextWanted
                || _blockedAppends > 0
                || IsCommitDue
                || _truncating
                || (_flushDue && _lastLsn > _durableLsn)
                // Closing commits what is left and then seals: see LogRecovery.
                || (_sealing && (_lastLsn > _durableLsn || _mark.LastLsn > _mark.PreviousLsn))
                || force;
            _flushDue = false;
            if (!due || _fault is not null)
            {
                return false;
            }

            _mark = new CommitMark
            {
                Ordinal = _mark.Ordinal + 1,
                LastLsn = _lastLsn,
                PreviousLsn = _mark.LastLsn,
                PreviousTail = _durableTail,
            };
            _waiters.Begin(_lastLsn);
            _isRecorded = _truncating || _sealing;
            _truncating = false;

            // Inside the gate, so that the mark names exactly the records before the commit record.
            _issued = _file.Log.CommitStronglyAsync(_mark.ToBytes(_format.LogId)).AsTask();
            return true;
        }
    }

    private async Task<bool> FinishAsync()
    {
        long started = _time.GetTimestamp();
        long tail;
        try
        {
            (bool committed, tail, _) = await _issued.WaitAsync(_options.CommitTimeout, _time).ConfigureAwait(false);
            if (!committed)
            {
                throw new IOException("FASTER declined a commit.");
            }

            SaveHighWater(tail);
        }
        catch (Exception e)
        {
            Fail(e is TimeoutException ? new TimeoutException($"A commit took longer than {_options.CommitTimeout}.", e) : e);
            return false;
        }

        TaskCompletionSource? batch;
        lock (_gate)
        {
            _lastCommit = _time.GetElapsedTime(started);
            _totalCommit += _lastCommit;
            _commits++;
            Volatile.Write(ref _durableTail, tail);
            Volatile.Write(ref _tail, Math.Max(_tail, tail));
            Volatile.Write(ref _durableLsn, _waiters.CurrentLsn);
            batch = _waiters.End();
            Monitor.PulseAll(_gate);
        }

        batch?.SetResult();
        return true;
    }

    // A segment is created by its first write; its name is durable only after the folder is, which comes before any
    // acknowledgement. The commit after a checkpoint and the end of an orderly run are recorded too.
    private void SaveHighWater(long tail)
    {
        long segment = (tail - 1) / _options.SegmentBytes;
        if (segment > _recordedSegment || _isRecorded)
        {
            new HighWater(_mark.Ordinal, _mark.LastLsn).Save(_layout, _format.LogId);
            _recordedSegment = segment;
        }
    }

    /// <summary>Makes the log refuse everything from now on.</summary>
    public void Fail(Exception cause)
    {
        TaskCompletionSource? current;
        TaskCompletionSource? next;
        lock (_gate)
        {
            if (_fault is not null)
            {
                return;
            }

            Volatile.Write(ref _fault, cause);
            (current, next) = _waiters.Abandon();
            Wake();
            Monitor.PulseAll(_gate);
        }

        StorageLog.Faulted(_logger, cause, _layout.LogFolder, DurableLsn);
        CommitWaiters.Reject(current, NewFault());
        CommitWaiters.Reject(next, NewFault());
    }

    private void ThrowIfUnusable()
    {
        ThrowIfFailed();
        ObjectDisposedException.ThrowIf(_closing, typeof(OperationLog));
    }

    private void ThrowIfFailed()
    {
        if (_fault is not null)
        {
            throw NewFault();
        }
    }

    public StorageFaultException NewFault() =>
        new($"The log in '{_layout.LogFolder}' has failed and takes no more writes: {_fault!.Message}", _fault);
}
