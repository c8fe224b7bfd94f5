using FASTER.core;

namespace AnnServer.Storage.Tests;

/// <summary>A disk that fails, holds back or loses writes on demand; every write it answers is answered once.</summary>
internal sealed class FaultyDevice(IDevice inner) : DeviceWrapper(inner)
{
    private const uint Eio = 5;

    private readonly object _gate = new();
    private readonly List<Action> _held = [];
    private int _failIn;
    private bool _holding;
    private Func<int, ulong, bool>? _loses;
    private int _writes;

    /// <summary>Writes that were asked for, whatever became of them.</summary>
    public int Writes => Volatile.Read(ref _writes);

    public int Held
    {
        get
        {
            lock (_gate)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>Fails one write: the next one for 1, the one after for 2.</summary>
    public void FailWrite(int n)
    {
        lock (_gate)
        {
            _failIn = n;
        }
    }

    /// <summary>Holds every write back, unanswered and unwritten, until <see cref="Resume"/>.</summary>
    public void Stall()
    {
        lock (_gate)
        {
            _holding = true;
        }
    }

    /// <summary>Never writes nor answers what the predicate (segment, offset) selects, as a power cut would.</summary>
    public void Lose(Func<int, ulong, bool> predicate)
    {
        lock (_gate)
        {
            _loses = predicate;
        }
    }

    public void Resume()
    {
        Action[] held;
        lock (_gate)
        {
            _holding = false;
            held = [.. _held];
            _held.Clear();
        }

        foreach (Action write in held)
        {
            write();
        }
    }

    public override void WriteAsync(
        IntPtr sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context)
    {
        void Issue()
        {
            if (TakesFailure())
            {
                ThreadPool.QueueUserWorkItem(_ => callback(Eio, 0, context));
            }
            else
            {
                Inner.WriteAsync(sourceAddress, segmentId, destinationAddress, numBytesToWrite, callback, context);
            }
        }

        lock (_gate)
        {
            _writes++;
            if (_loses?.Invoke(segmentId, destinationAddress) == true)
            {
                return;
            }

            if (_holding)
            {
                _held.Add(Issue);
                return;
            }
        }

        Issue();
    }

    private bool TakesFailure()
    {
        lock (_gate)
        {
            return _failIn > 0 && --_failIn == 0;
        }
    }
}
