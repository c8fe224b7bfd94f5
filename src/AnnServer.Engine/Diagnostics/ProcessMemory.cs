using Microsoft.Extensions.Logging;

namespace AnnServer.Engine.Diagnostics;

/// <summary>
/// The memory that the process takes, and whether it may take more: asked before every write that grows, read a few times a second. The
/// kernel ends a process that passes its limit; a write is refused before. Any thread.
/// </summary>
/// <param name="limit">Bytes it may take; 0 for no limit.</param>
/// <param name="read">The bytes it takes.</param>
internal sealed class ProcessMemory(long limit, Func<long> read, TimeProvider time, ILogger logger)
{
    // What is left between is for requests that have been begun, for searches, and for what the collector has not yet found.
    private const double BeginShare = 0.85;
    private const double GoOnShare = 0.95;

    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(100);

    // Garbage may be all that is too much; looking for it holds everything up for a moment.
    private static readonly TimeSpan LeastBetweenCollections = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private long _limit = limit;
    private long _readAt;
    private long _used;
    private bool _isRead;
    private bool _isShort;
    private bool _isCollecting;
    private long _collectedAt;
    private bool _hasCollected;

    public long Limit
    {
        get => Interlocked.Read(ref _limit);
        set => Interlocked.Exchange(ref _limit, value);
    }

    /// <summary>Bytes that the process takes.</summary>
    public long Used
    {
        get
        {
            lock (_gate)
            {
                return Measure();
            }
        }
    }

    /// <summary>Why nothing should be begun that takes memory, or null.</summary>
    public string? Shortage() => Above(BeginShare);

    /// <summary>Why not even what has been begun should go on, or null.</summary>
    public string? SevereShortage() => Above(GoOnShare);

    private string? Above(double share)
    {
        long limit = Limit;
        if (limit == 0)
        {
            return null;
        }

        long used;
        bool isAbove;
        lock (_gate)
        {
            used = Measure();
            isAbove = used > share * limit;
            Report(used, limit);
        }

        return isAbove
            ? $"The process takes {used} bytes of memory; writes are taken up to {share:P0} of MemoryLimitBytes, {limit}."
            : null;
    }

    // Under the gate, as the rest.
    private long Measure()
    {
        if (!_isRead || time.GetElapsedTime(_readAt) >= MaxAge)
        {
            _isRead = true;
            _readAt = time.GetTimestamp();
            _used = read();
        }

        return _used;
    }

    private void Report(long used, long limit)
    {
        bool isShort = used > BeginShare * limit;
        if (isShort && !_isCollecting && (!_hasCollected || time.GetElapsedTime(_collectedAt) >= LeastBetweenCollections))
        {
            _isCollecting = true;
            ThreadPool.UnsafeQueueUserWorkItem(static memory => memory.Collect(), this, preferLocal: false);
        }

        if (isShort == _isShort)
        {
            return;
        }

        _isShort = isShort;
        if (isShort)
        {
            EngineLog.MemoryShort(logger, used, limit);
        }
        else
        {
            EngineLog.MemoryRecovered(logger, used, limit);
        }
    }

    private void Collect()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        lock (_gate)
        {
            _hasCollected = true;
            _collectedAt = time.GetTimestamp();
            _isCollecting = false;
            _isRead = false;
        }
    }
}
