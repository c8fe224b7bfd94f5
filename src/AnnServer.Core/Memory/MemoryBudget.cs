namespace AnnServer.Core.Memory;

/// <summary>
/// Bytes that several holders take out of one limit. Taking never waits, so that it can be done under locks and while others wait for
/// whoever takes; who is free to wait does so before, and goes beyond the limit by what it then takes at most.
/// </summary>
public sealed class MemoryBudget(long limit)
{
    private readonly object _gate = new();
    private long _used;
    private volatile bool _isStuck;

    public long Limit => limit;

    public long Used => Volatile.Read(ref _used);

    public bool IsFull => Used >= limit;

    public bool IsHalfUsed => Used > limit / 2;

    /// <summary>Whether somebody has waited for room in vain since room was last given.</summary>
    public bool IsStuck => _isStuck;

    /// <summary>Told when more than half comes to be used: time to make room.</summary>
    public Action? HalfUsed { get; set; }

    public void Take(long bytes)
    {
        bool crossed;
        lock (_gate)
        {
            crossed = _used <= limit / 2 && _used + bytes > limit / 2;
            _used += bytes;
        }

        if (crossed)
        {
            HalfUsed?.Invoke();
        }
    }

    public void Give(long bytes)
    {
        lock (_gate)
        {
            _used -= bytes;
            _isStuck = false;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Returns when less than the limit is used, or when it has been waited for so long, or was before.</summary>
    public void WaitForRoom(TimeSpan patience)
    {
        if (!IsFull)
        {
            return;
        }

        long until = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        lock (_gate)
        {
            while (_used >= limit && !_isStuck)
            {
                long left = until - Environment.TickCount64;
                if (left <= 0 || !Monitor.Wait(_gate, TimeSpan.FromMilliseconds(left)))
                {
                    _isStuck = true;
                }
            }
        }
    }
}
