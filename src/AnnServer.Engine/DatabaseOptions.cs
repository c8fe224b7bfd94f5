using AnnServer.Engine.Model;
using AnnServer.Storage;

namespace AnnServer.Engine;

/// <summary>Where a database lives and what it may use.</summary>
public sealed record DatabaseOptions
{
    /// <summary>The one folder that holds everything. Created if it is missing.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Inserts that are planned at once, each on a thread of its own; 0 for as many as there are processors.</summary>
    public int PlanningThreads
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(PlanningThreads), value, "At least 0.");
    }

    /// <summary>
    /// The longest that a write acknowledged in memory waits before it is flushed to the disk; above 0 and below 24 days.
    /// </summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The longest that a write waits for a disk that does not answer: then the store fails, writes are refused, and reads go on. Above 0
    /// and below 24 days.
    /// </summary>
    public TimeSpan DiskTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Bytes of the disk that are to stay free. With less, writes are refused and reads are served; writes that have been begun are
    /// finished, down to half of it. 0 lets the disk fill up, which fails the store.
    /// </summary>
    public long MinFreeDiskBytes
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(MinFreeDiskBytes), value, "At least 0.");
    } = 256L << 20;

    public EngineLimits Limits { get; init; } = new();

    /// <summary>Bytes of log after which a checkpoint is made: what a start has to replay at most, but for what is written meanwhile.</summary>
    public long CheckpointLogBytes { get; init; } = 128L << 20;

    /// <summary>Time after which a checkpoint is made if anything has changed.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Memory for vectors that are kept on disk and are not there yet, of all collections together. Half of it brings about a checkpoint;
    /// when it is full, writers wait for that.
    /// </summary>
    public long VectorMemoryBytes
    {
        get;
        init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(VectorMemoryBytes), value, "Above 0.");
    } = 256L << 20;

    /// <summary>
    /// Memory for filters that searches come with again and again, compiled, and for the points that they match while none changes; 0 for none.
    /// </summary>
    public long FilterCacheBytes
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(FilterCacheBytes), value, "At least 0.");
    } = 64L << 20;

    /// <summary>
    /// Memory that the process may take, all of it; 0 for no limit. From 85 % on what takes more is refused, reads and deletes are served;
    /// requests that have been begun go on up to 95 %.
    /// </summary>
    public long MemoryLimitBytes
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(MemoryLimitBytes), value, "At least 0.");
    }

    internal long LeastRewrittenBytes { get; init; } = 1L << 20;

    /// <summary>Sizes of the log. The defaults keep 32 MiB of it in memory, in pages of 4 MiB, and cut files at 64 MiB.</summary>
    internal StorageOptions Storage => new(DataDirectory)
    {
        CommitTimeout = DiskTimeout,
        FlushInterval = FlushInterval,
        MinFreeDiskBytes = MinFreeDiskBytes,
        ReadFreeBytes = ReadFreeBytes,
    };

    /// <summary>Sizes of the page store: 16 MiB in memory while it is written, and files of as much, since they are deleted whole.</summary>
    internal StorageOptions Pages => new(DataDirectory, memoryBytes: 16L << 20, segmentBytes: 16L << 20) { CommitTimeout = DiskTimeout };

    /// <summary>The clock of the log, and how it reads the free space of a folder.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    internal Func<long> ReadMemory { get; init; } = static () => Environment.WorkingSet;

    internal Func<string, long> ReadFreeBytes { get; init; } = DiskSpace.Read;
}
