namespace AnnServer.Core.Memory;

/// <summary>
/// Counts bytes that several holders take out of one limit. Taking never waits, so that it can be done under locks and while others
/// wait for whoever takes: who begins something looks at <see cref="IsFull"/> before, and goes beyond the limit by what it then takes.
/// </summary>
public sealed class MemoryBudget(long limit)
{
    private readonly Lock _gate = new();
    private long _used;
    private long _leaving;
    private volatile bool _isStuck;

    public long Limit => limit;

    public long Used => Volatile.Read(ref _used);

    public bool IsFull => Used >= limit;

    /// <summary>Whether more than half is used by what is not leaving: time to make room.</summary>
    public bool IsHalfUsed => Used - Volatile.Read(ref _leaving) > limit / 2;

    /// <summary>Whether it is full and whoever waits for room has no more to hope for.</summary>
    public bool IsStuck => _isStuck && IsFull;

    /// <summary>Told when more than half comes to be used.</summary>
    public Action? HalfUsed { get; set; }

    /// <summary>Told when there is room after it was full, or will be none.</summary>
    public Action? WaitEnded { get; set; }

    public void Take(long bytes)
    {
        bool crossed;
        lock (_gate)
        {
            bool before = IsHalfUsed;
            Volatile.Write(ref _used, _used + bytes);
            crossed = !before && IsHalfUsed;
        }

        if (crossed)
        {
            HalfUsed?.Invoke();
        }
    }

    /// <summary>Says of bytes that are taken that they will be given back as soon as nobody reads them any more.</summary>
    public void Leave(long bytes)
    {
        lock (_gate)
        {
            Volatile.Write(ref _leaving, _leaving + bytes);
        }
    }

    /// <summary>Gives bytes back, so many of them such as were leaving.</summary>
    public void Give(long bytes, long left = 0)
    {
        bool opened;
        lock (_gate)
        {
            bool before = IsFull;
            Volatile.Write(ref _used, _used - bytes);
            Volatile.Write(ref _leaving, _leaving - left);
            _isStuck = false;
            opened = before && !IsFull;
        }

        if (opened)
        {
            WaitEnded?.Invoke();
        }
    }

    /// <summary>Sends those away who wait for room, until some is given.</summary>
    public void GiveUp()
    {
        _isStuck = true;
        WaitEnded?.Invoke();
    }
}
