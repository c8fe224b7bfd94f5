using AnnServer.Storage.Pages;
using Microsoft.Extensions.Logging;

namespace AnnServer.Storage;

/// <summary>
/// The write-ahead log. Open it, replay it, then append from any thread; a record is durable when
/// <see cref="WaitDurableAsync"/> for its LSN has completed.
/// </summary>
/// <remarks>
/// A failed or overdue write is final: every later call throws <see cref="StorageFaultException"/>, because what a disk
/// kept of a failed write is unknown. Opening again recovers everything that was acknowledged.
/// </remarks>
public sealed class OperationLog : IAsyncDisposable
{
    private readonly DirectoryLock _lock;
    private readonly LogFile _file;
    private readonly LogWriter _writer;
    private readonly LogFormat _format;
    private readonly StorageOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly ulong _recoveredLsn;
    private readonly long _recoveredTail;
    private Task _committer = Task.CompletedTask;
    private int _replayState;
    private int _disposed;

    private OperationLog(DirectoryLock directoryLock, LogFile file, LogWriter writer, LogFormat format, StorageDependencies dependencies)
    {
        _lock = directoryLock;
        _file = file;
        _writer = writer;
        _format = format;
        _options = dependencies.Options;
        _logger = dependencies.Logger;
        _time = dependencies.Time;
        _recoveredLsn = writer.LastLsn;
        _recoveredTail = file.Log.CommittedUntilAddress;
        Disk = new DiskSpace(dependencies, writer);
        MaxPayloadBytes = _options.PageBytes - LogFile.EntryHeaderBytes - RecordEnvelope.OverheadBytes;
    }

    /// <summary>The place before the first record of every log.</summary>
    public static LogPosition FirstPosition { get; } = new(0, LogFile.FirstAddress);

    private enum ReplayState
    {
        Pending,
        Running,
        Done,
    }

    /// <summary>Largest payload of one record: a page less what the page and the record need for themselves.</summary>
    public int MaxPayloadBytes { get; }

    /// <summary>Generation written into every record.</summary>
    public ulong Epoch => _format.Epoch;

    /// <summary>What tells this log from every other.</summary>
    public Guid Identity => _format.LogId;

    /// <summary>Place after the last record appended.</summary>
    public LogPosition Position => _writer.Position;

    /// <summary>LSN of the last record appended, 0 for an empty log.</summary>
    public ulong LastLsn => _writer.LastLsn;

    /// <summary>Every record up to this LSN is on stable storage.</summary>
    public ulong DurableLsn => _writer.DurableLsn;

    /// <summary>Bytes between the begin and the tail of the log.</summary>
    public long Bytes => _file.Log.TailAddress - _file.Log.BeginAddress;

    /// <summary>Memory that it may take for records on their way to the disk.</summary>
    public long MemoryBytes => _options.MemoryBytes;

    /// <summary>The first background failure; it never goes away.</summary>
    public Exception? Fault => _writer.Fault;

    /// <summary>The space left for this log and for everything else in the folder.</summary>
    public DiskSpace Disk { get; }

    public LogStatistics Statistics => _writer.Statistics;

    /// <summary>Opens the log of a folder, or creates it, and locks the folder.</summary>
    /// <exception cref="IOException">The folder is in use, or the disk fails.</exception>
    /// <exception cref="InvalidOperationException">The log was created with other sizes.</exception>
    /// <exception cref="StorageCorruptionException">Durable records are damaged or lost.</exception>
    public static OperationLog Open(StorageOptions options, ILogger logger, TimeProvider? time = null) =>
        Open(new StorageDependencies(options, logger, time ?? TimeProvider.System, LogFile.CreateDevice));

    /// <summary>
    /// Creates the log that goes on after a checkpoint of another one, in a folder without any, and says what the checkpoint is called
    /// there.
    /// </summary>
    internal static Checkpoint CreateAfter(Checkpoint checkpoint, StorageOptions options, ILogger logger)
    {
        var dependencies = new StorageDependencies(options, logger, TimeProvider.System, LogFile.CreateDevice);
        var layout = new StorageLayout(options.Directory);
        Directory.CreateDirectory(layout.LogFolder);
        (LogFile file, LogWriter writer, LogFormat format) = LogCreation.Create(dependencies, layout, checkpoint.Redo.Lsn);
        writer.Dispose();
        file.Dispose();
        return checkpoint with { LogId = format.LogId, Epoch = format.Epoch, Redo = checkpoint.Redo with { Address = LogFile.FirstAddress } };
    }

    internal static OperationLog Open(StorageDependencies dependencies)
    {
        StorageOptions options = dependencies.Options;
        var layout = new StorageLayout(options.Directory);
        Directory.CreateDirectory(layout.Root);
        DirectoryLock directoryLock = DirectoryLock.Acquire(layout);
        LogFile? file = null;
        try
        {
            RestoreDraft.Settle(layout, dependencies.Logger);
            Directory.CreateDirectory(layout.LogFolder);
            LogFormat format;
            LogWriter writer;
            if (File.Exists(layout.FormatFile))
            {
                format = LogFormat.Load(layout);
                format.Require(options);
                (file, CommitMark mark) = LogRecovery.Open(dependencies, layout, format);
                writer = new LogWriter(file, mark, dependencies, format);
                StorageLog.LogOpened(
                    dependencies.Logger, layout.LogFolder, mark.Ordinal, mark.LastLsn, file.Log.CommittedUntilAddress);
            }
            else
            {
                (file, writer, format) = LogCreation.Create(dependencies, layout, lastLsn: 0);
                StorageLog.LogCreated(
                    dependencies.Logger, layout.LogFolder, options.PageBytes, options.SegmentBytes, options.MemoryBytes);
            }

            var log = new OperationLog(directoryLock, file, writer, format, dependencies);
            log._committer = Task.Run(writer.RunAsync);
            return log;
        }
        catch
        {
            file?.Dispose();
            directoryLock.Dispose();
            throw;
        }
    }

    /// <summary>Whether every record after the checkpoint is still in the log.</summary>
    public bool Reaches(Checkpoint checkpoint) => Reaches(checkpoint.Redo);

    /// <summary>Whether every record after a place is still in the log.</summary>
    public bool Reaches(LogPosition position) =>
        position.Address >= _file.Log.BeginAddress && position.Address <= _recoveredTail && position.Lsn <= _recoveredLsn;

    /// <summary>Hands every record after a place to the handler, or every record there ever was; once, before the first append.</summary>
    /// <exception cref="StorageCorruptionException">A record is damaged, missing or of an unknown version.</exception>
    public ReplaySummary Replay(IRecordHandler handler, LogPosition? after = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        if (Interlocked.CompareExchange(ref _replayState, (int)ReplayState.Running, (int)ReplayState.Pending) != (int)ReplayState.Pending)
        {
            throw new InvalidOperationException("The log is replayed once, directly after it is opened.");
        }

        try
        {
            return ReplayAfter(after ?? FirstPosition, handler);
        }
        catch (StorageCorruptionException error)
        {
            throw error.In(new StorageLayout(_options.Directory).LogFolder);
        }
    }

    /// <summary>
    /// Lets go of the records before a place: the log begins there after the next commit, which this asks for. That commit is also noted
    /// outside the log, so that the log cannot lose it unnoticed.
    /// </summary>
    public void TruncateUntil(LogPosition position)
    {
        ThrowIfNotReplayed();
        _writer.TruncateUntil(position.Address);
    }

    /// <summary>Appends one record and returns its LSN. It may wait when much of the log is not yet durable.</summary>
    /// <exception cref="ArgumentException">The payload is larger than <see cref="MaxPayloadBytes"/>.</exception>
    /// <exception cref="StorageFaultException">The log has failed.</exception>
    public ulong Append(byte operation, uint collection, ReadOnlySpan<byte> payload)
    {
        if (payload.Length > MaxPayloadBytes)
        {
            throw new ArgumentException($"A payload of {payload.Length} bytes is larger than {MaxPayloadBytes} bytes.", nameof(payload));
        }

        ThrowIfNotReplayed();
        return _writer.Append(operation, collection, payload);
    }

    /// <summary>
    /// Whether so much waits for the disk that appends may soon have to wait too. Who appends under a lock, or on a thread that others
    /// need, waits for the disk before.
    /// </summary>
    public bool IsBehind => _writer.IsBehind;

    /// <summary>Completes when the log is no longer behind.</summary>
    /// <exception cref="StorageFaultException">The log has failed.</exception>
    public ValueTask WaitForDiskAsync(CancellationToken cancellationToken = default) =>
        _writer.IsBehind ? _writer.WaitDurableAsync(_writer.LastLsn, cancellationToken) : default;

    /// <summary>As above, blocking; returns also when the log has failed, which the append will say.</summary>
    public void WaitForDisk() => _writer.WaitWhileBehind();

    /// <summary>Completes when the record and all before it are on stable storage. Cancelling gives up the wait, not the record.</summary>
    /// <exception cref="StorageFaultException">The log has failed; the record may or may not be there after the next start.</exception>
    public ValueTask WaitDurableAsync(ulong lsn, CancellationToken cancellationToken = default) =>
        _writer.WaitDurableAsync(lsn, cancellationToken);

    /// <summary>
    /// Asks for a commit that covers the record and does not wait for it. Records that nobody asks for are committed with the next,
    /// and after <see cref="StorageOptions.FlushInterval"/> at the latest.
    /// </summary>
    /// <exception cref="StorageFaultException">The log has failed.</exception>
    public void RequestCommit(ulong lsn) => _writer.RequestCommit(lsn);

    /// <summary>
    /// Fails the log for good, and returns the exception to throw: for a caller that has changed its memory and cannot log the
    /// change. A record after it would name a state that no replay arrives at.
    /// </summary>
    public StorageFaultException Fail(Exception cause)
    {
        _writer.Fail(cause);
        return _writer.NewFault();
    }

    /// <summary>The exception to throw after a failure.</summary>
    public StorageFaultException NewFault() => _writer.NewFault();

    /// <summary>
    /// Makes a backup, which is checked on the way, what the folder holds from when it is opened next. Nothing must be appended that is
    /// to last: once this has returned, what is in the folder now is lost.
    /// </summary>
    /// <exception cref="StorageCorruptionException">The backup is not whole, or its bytes are not what they were. Nothing has changed.</exception>
    /// <exception cref="IOException">The disk fails, or the backup cannot be read. Nothing has changed.</exception>
    /// <exception cref="StorageFaultException">As above, and it is unknown which of the two the next start finds: the log has failed.</exception>
    public Checkpoint Restore(string backup, CancellationToken cancellation)
    {
        try
        {
            return PageBackup.Draft(backup, _options, _logger, cancellation);
        }
        catch
        {
            GiveUpDraft();
            throw;
        }
    }

    /// <summary>Makes everything durable, closes the log and unlocks the folder. After a fault it only closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        // A log that was not read to its end is left as it is.
        _writer.RequestClose(seal: Volatile.Read(ref _replayState) == (int)ReplayState.Done);
        await _committer.ConfigureAwait(false);
        await Task.WhenAny(_writer.Issued, Task.Delay(_options.CommitTimeout, _time)).ConfigureAwait(false);
        if (!_writer.Issued.IsCompleted)
        {
            // A write that lands later would hit whatever the next owner of the folder has put there.
            StorageLog.DiskUnresponsive(_logger, _options.Directory);
            return;
        }

        _writer.Dispose();
        _file.Dispose();
        _lock.Dispose();
    }

    private void GiveUpDraft()
    {
        try
        {
            RestoreDraft.GiveUp(new StorageLayout(_options.Directory), _logger);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Fail(error);
        }
    }

    private ReplaySummary ReplayAfter(LogPosition from, IRecordHandler handler)
    {
        long started = _time.GetTimestamp();
        if (!Reaches(from))
        {
            throw new StorageCorruptionException(
                $"The records after LSN {from.Lsn} are not in the log, which goes from address {_file.Log.BeginAddress} to LSN {_recoveredLsn}.",
                from.Address,
                from.Lsn + 1);
        }

        LogPageCheck.Require(new StorageLayout(_options.Directory), _format, from.Address, _recoveredTail);
        (long records, ulong lastLsn) = LogReader.Read(_file.Log, from.Address, _recoveredTail, from.Lsn + 1, handler);
        if (lastLsn != _recoveredLsn)
        {
            throw new StorageCorruptionException(
                $"The log is damaged: its last commit names LSN {_recoveredLsn}, its records end at LSN {lastLsn}.", _recoveredTail, lastLsn + 1);
        }

        var summary = new ReplaySummary(records, lastLsn, _recoveredTail - from.Address, _time.GetElapsedTime(started));
        Volatile.Write(ref _replayState, (int)ReplayState.Done);
        StorageLog.Replayed(_logger, summary.Records, summary.LastLsn, summary.Bytes, summary.Elapsed);
        return summary;
    }

    private void ThrowIfNotReplayed()
    {
        if (Volatile.Read(ref _replayState) != (int)ReplayState.Done)
        {
            throw new InvalidOperationException("The log takes appends only after it has been replayed.");
        }
    }
}
