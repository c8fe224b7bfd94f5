using Microsoft.Extensions.Logging;

namespace AnnServer.Storage;

/// <summary>
/// The space left on the file system of the folder, and whether it is enough to write. It is asked before every write, and reads a few
/// times a second: in between, what the log has been given since is taken off. Any thread.
/// </summary>
public sealed class DiskSpace
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(250);

    private readonly StorageOptions _options;
    private readonly LogWriter _writer;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;

    // Protects the fields below. Held while the space is read, a system call of microseconds; nothing is taken inside it.
    private readonly Lock _gate = new();
    private bool _isRead;
    private long _readAt;
    private long _free;
    private long _writtenThen;
    private string? _failure;
    private bool _isShort;

    internal DiskSpace(StorageDependencies dependencies, LogWriter writer)
    {
        _options = dependencies.Options;
        _writer = writer;
        _logger = dependencies.Logger;
        _time = dependencies.Time;
    }

    /// <summary>Bytes that will be free when the log has written what it has in memory; 0 where they cannot be read.</summary>
    public long FreeBytes
    {
        get
        {
            lock (_gate)
            {
                return Measure();
            }
        }
    }

    /// <summary>
    /// Why nothing should be begun that takes space, or null: less than <see cref="StorageOptions.MinFreeDiskBytes"/> is free.
    /// </summary>
    public string? Shortage()
    {
        string? shortage = Below(_options.MinFreeDiskBytes, "");
        if ((shortage is not null) != Volatile.Read(ref _isShort))
        {
            Report(shortage);
        }

        return shortage;
    }

    /// <summary>
    /// Why not even what has been begun should go on, or null: half of what is to be kept free is gone. The other half is for what no
    /// caller can refuse, such as records that are in memory already.
    /// </summary>
    public string? SevereShortage() => Below(_options.MinFreeDiskBytes / 2, "half of ");

    /// <summary>Bytes free to this process on the file system of a folder.</summary>
    public static long Read(string folder) =>
        new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(folder)! : folder).AvailableFreeSpace;

    private string? Below(long least, string part)
    {
        if (least == 0)
        {
            return null;
        }

        lock (_gate)
        {
            long free = Measure();
            return _failure is not null
                    ? $"What is free cannot be read, so not compared with MinFreeDiskBytes: {_failure} The folder is '{_options.Directory}'."
                : free < least
                    ? $"Less than {part}MinFreeDiskBytes, {_options.MinFreeDiskBytes}, is free: {free} bytes on the disk under '{_options.Directory}'."
                : null;
        }
    }

    // Under the gate. What was on the disk when it was read has been paid for; every byte of the log beyond has not.
    private long Measure()
    {
        if (!_isRead || _time.GetElapsedTime(_readAt) >= MaxAge)
        {
            _isRead = true;
            _readAt = _time.GetTimestamp();
            _writtenThen = _writer.DurableTail;
            try
            {
                _free = _options.ReadFreeBytes(_options.Directory);
                _failure = null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                _free = 0;
                _failure = e.Message;
            }
        }

        return Math.Max(0, _free - (_writer.Tail - _writtenThen));
    }

    private void Report(string? shortage)
    {
        lock (_gate)
        {
            if (_isShort == shortage is not null)
            {
                return;
            }

            _isShort = shortage is not null;
        }

        if (shortage is not null)
        {
            StorageLog.DiskShort(_logger, shortage);
        }
        else
        {
            StorageLog.DiskRecovered(_logger, _options.Directory);
        }
    }
}
