using System.Numerics;

namespace AnnServer.Storage;

/// <summary>Where the log lives and the sizes it is built with. Checked when set; nothing is rounded.</summary>
public sealed record StorageOptions
{
    /// <summary>Smallest page: one file-system block.</summary>
    public const int MinPageBytes = 4096;

    /// <summary>Largest page: addresses inside a page are 32-bit integers with room to spare.</summary>
    public const int MaxPageBytes = 1 << 28;

    /// <summary>Pages the log keeps in memory at least: half of them may wait for the disk while the other half is written.</summary>
    public const int MinPagesInMemory = 4;

    /// <exception cref="ArgumentException">A size is not a power of two or does not fit the others.</exception>
    public StorageOptions(string directory, int pageBytes = 4 << 20, long memoryBytes = 32L << 20, long segmentBytes = 64L << 20)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        RequirePowerOfTwo(pageBytes, nameof(pageBytes));
        RequirePowerOfTwo(memoryBytes, nameof(memoryBytes));
        RequirePowerOfTwo(segmentBytes, nameof(segmentBytes));
        if (pageBytes is < MinPageBytes or > MaxPageBytes)
        {
            throw new ArgumentException($"A page of {pageBytes} bytes is outside {MinPageBytes} to {MaxPageBytes}.", nameof(pageBytes));
        }

        if (memoryBytes / MinPagesInMemory < pageBytes)
        {
            throw new ArgumentException(
                $"{memoryBytes} bytes of memory hold fewer than {MinPagesInMemory} pages of {pageBytes} bytes.", nameof(memoryBytes));
        }

        if (segmentBytes < pageBytes)
        {
            throw new ArgumentException(
                $"A segment of {segmentBytes} bytes is smaller than a page of {pageBytes} bytes.", nameof(segmentBytes));
        }

        Directory = Path.GetFullPath(directory);
        PageBytes = pageBytes;
        MemoryBytes = memoryBytes;
        SegmentBytes = segmentBytes;
    }

    /// <summary>Full path of the folder that holds everything.</summary>
    public string Directory { get; init; }

    /// <summary>Unit of the log; a record fits on one page. Fixed when the log is created.</summary>
    public int PageBytes { get; }

    /// <summary>Bytes of the log kept in memory; appends wait when half of it is not yet durable.</summary>
    public long MemoryBytes { get; }

    /// <summary>Size of one log file. Fixed when the log is created.</summary>
    public long SegmentBytes { get; }

    /// <summary>A commit that takes longer than this is a fault: a disk that does not answer is a dead disk.</summary>
    public TimeSpan CommitTimeout
    {
        get;
        init => field = value > TimeSpan.Zero && value.TotalMilliseconds <= int.MaxValue
            ? value
            : throw new ArgumentOutOfRangeException(nameof(CommitTimeout), value, "The commit timeout is positive and below 24 days.");
    } = TimeSpan.FromSeconds(60);

    /// <summary>A record waits for the disk no longer than this before a commit is begun that covers it, though nobody has asked for one.</summary>
    public TimeSpan FlushInterval
    {
        get;
        init => field = value > TimeSpan.Zero && value.TotalMilliseconds <= int.MaxValue
            ? value
            : throw new ArgumentOutOfRangeException(nameof(FlushInterval), value, "The flush interval is positive and below 24 days.");
    } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of the disk that are to stay free, which <see cref="DiskSpace"/> watches; 0 does not watch them.</summary>
    public long MinFreeDiskBytes
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(MinFreeDiskBytes), value, "At least 0.");
    }

    /// <summary>How the bytes free on the file system of a folder are read; tests have disks of their own.</summary>
    public Func<string, long> ReadFreeBytes { get; init; } = DiskSpace.Read;

    private static void RequirePowerOfTwo(long value, string name)
    {
        if (value <= 0 || !BitOperations.IsPow2(value))
        {
            throw new ArgumentException($"{value} is not a power of two.", name);
        }
    }
}
