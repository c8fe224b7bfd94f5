using FASTER.core;

namespace AnnServer.Storage;

/// <summary>The FASTER log and its device, opened with every size given.</summary>
internal sealed class LogFile : IDisposable
{
    /// <summary>What FASTER puts before an entry when it checks entries: eight bytes of checksum, four of length.</summary>
    public const int EntryHeaderBytes = 12;

    /// <summary>Address of the first entry of a new log.</summary>
    public const long FirstAddress = 64;

    // A metadata file per commit doubles the cost of a commit; one in a thousand bounds the scan that recovery does.
    private const int CommitsPerMetadataFile = 1000;

    private readonly IDevice _device;
    private bool _disposed;

    private LogFile(FasterLog log, IDevice device)
    {
        Log = log;
        _device = device;
    }

    public FasterLog Log { get; }

    /// <summary>Opens the log; with <paramref name="recover"/> it stands at the last commit FASTER can find.</summary>
    public static LogFile Open(StorageOptions options, StorageLayout layout, Func<string, IDevice> createDevice, bool recover)
    {
        IDevice device = createDevice(layout.SegmentPrefix);
        FasterLog? log = null;
        try
        {
            log = new FasterLog(new FasterLogSettings
            {
                LogDevice = device,
                LogCommitManager = new DeviceLogCommitCheckpointManager(
                    new LocalStorageNamedDeviceFactory(),
                    new DefaultCheckpointNamingScheme(layout.LogFolder),
                    removeOutdated: true,
                    CommitsPerMetadataFile),
                PageSize = options.PageBytes,
                MemorySize = options.MemoryBytes,
                SegmentSize = options.SegmentBytes,
                LogChecksum = LogChecksumType.PerEntry,
                FastCommitMode = true,
                TolerateDeviceFailure = false,
                TryRecoverLatest = false,
            });
            if (recover)
            {
                log.Recover();
            }

            return new LogFile(log, device);
        }
        catch (FasterException e)
        {
            log?.Dispose();
            device.Dispose();
            throw new StorageCorruptionException($"The log in '{layout.LogFolder}' cannot be recovered: {e.Message}", e);
        }
        catch
        {
            log?.Dispose();
            device.Dispose();
            throw;
        }
    }

    /// <summary>Address after an entry of <paramref name="length"/> bytes at <paramref name="address"/>; entries are aligned to four bytes.</summary>
    public static long EndOf(long address, int length) => address + EntryHeaderBytes + ((length + 3) & ~3);

    public static IDevice CreateDevice(string segmentPrefix) => Devices.CreateLogDevice(segmentPrefix, preallocateFile: false);

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Log.Dispose();
            _device.Dispose();
        }
    }
}
