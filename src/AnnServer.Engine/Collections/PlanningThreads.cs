using AnnServer.Core.Memory;
using AnnServer.Engine.Maintenance;
using AnnServer.Storage;

namespace AnnServer.Engine.Collections;

/// <summary>
/// The threads that plan inserts, and the bound on how many are planned at once in the whole database. Whoever writes waits for a
/// turn here and holds no thread meanwhile; orders with points to plan take turns point by point, so that a large request does not
/// hold up small ones.
/// </summary>
internal sealed class PlanningThreads : IDisposable
{
    private readonly Thread[] _threads;
    private readonly OperationLog _log;
    private readonly MemoryBudget _vectorMemory;

    // Protects the fields below it; held for a few instructions, and nothing is taken inside it.
    private readonly object _gate = new();
    private readonly Queue<WriteOrder> _waiting = new();
    private readonly Queue<WriteOrder> _parked = new();
    private int _planning;
    private volatile bool _isStopping;

    /// <param name="vectorMemory">Orders whose next point needs some wait aside while it is full.</param>
    public PlanningThreads(int count, OperationLog log, MemoryBudget vectorMemory)
    {
        (_log, _vectorMemory) = (log, vectorMemory);
        vectorMemory.WaitEnded = Unpark;
        _threads = new Thread[count];
        for (int i = 0; i < count; i++)
        {
            _threads[i] = new Thread(Run) { IsBackground = true, Name = "ann-planner" };
        }
    }

    /// <summary>Once so, upserts that wait are refused when their turn comes.</summary>
    public bool IsStopping => _isStopping;

    public void Start() => Array.ForEach(_threads, static thread => thread.Start());

    /// <summary>Takes a turn for the calling thread if one is free that nobody waits for; <see cref="Leave"/> gives it back.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_planning == _threads.Length || _waiting.Count > 0)
            {
                return false;
            }

            _planning++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            _planning--;
            WakeOne();
        }
    }

    /// <summary>Lets the threads work off an order; false when they have stopped.</summary>
    public bool TryQueue(WriteOrder order)
    {
        lock (_gate)
        {
            if (_isStopping)
            {
                return false;
            }

            _waiting.Enqueue(order);
            WakeOne();
            return true;
        }
    }

    /// <summary>Stops when what is queued has been worked off.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopping = true;
            UnparkAll();
            Monitor.PulseAll(_gate);
        }

        Array.ForEach(_threads, static thread => thread.Join());
    }

    private void Run()
    {
        BackgroundThread.GiveWay();
        while (TryDequeue(out WriteOrder order))
        {
            // Before a point is taken: an append that waits does so under the commit lock of a collection, and memory for vectors is
            // given back only when every point that has been taken is done.
            _log.WaitForDisk();
            if (TryPark(order))
            {
                continue;
            }

            if (order.Take(out bool hasMore) is { } point)
            {
                if (hasMore)
                {
                    Requeue(order);
                }

                point.Upsert.Writer.Plan(point);
                if (order.Settle(point))
                {
                    Requeue(order);
                }
            }

            Leave();
        }
    }

    private bool TryDequeue(out WriteOrder order)
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 || _planning == _threads.Length)
            {
                if (_isStopping && _waiting.Count == 0)
                {
                    order = null!;
                    return false;
                }

                Monitor.Wait(_gate);
            }

            order = _waiting.Dequeue();
            _planning++;
            return true;
        }
    }

    // Puts an order aside, and leaves, where it has to wait for memory for vectors.
    private bool TryPark(WriteOrder order)
    {
        if (!order.NeedsVectorMemory || !_vectorMemory.IsFull)
        {
            return false;
        }

        lock (_gate)
        {
            // Looked at under the gate: whoever gives some comes here next.
            if (_isStopping || !_vectorMemory.IsFull || _vectorMemory.IsStuck)
            {
                return false;
            }

            _parked.Enqueue(order);
            _planning--;
            WakeOne();
            return true;
        }
    }

    private void Unpark()
    {
        lock (_gate)
        {
            UnparkAll();
            Monitor.PulseAll(_gate);
        }
    }

    // Under the gate.
    private void UnparkAll()
    {
        while (_parked.TryDequeue(out WriteOrder? order))
        {
            _waiting.Enqueue(order);
        }
    }

    // By a thread of ours, which looks at the queue again before it ends.
    private void Requeue(WriteOrder order)
    {
        lock (_gate)
        {
            _waiting.Enqueue(order);
            WakeOne();
        }
    }

    // Under the gate.
    private void WakeOne()
    {
        if (_waiting.Count > 0 && _planning < _threads.Length)
        {
            Monitor.Pulse(_gate);
        }
    }
}
