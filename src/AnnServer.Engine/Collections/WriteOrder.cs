using System.Diagnostics.CodeAnalysis;

namespace AnnServer.Engine.Collections;

/// <summary>
/// Keeps upserts in line: those begun with the same order, by one caller, are applied in the order in which they were begun,
/// point by point, while any number of them is planned at once. For a stream, whose messages are not awaited one by one.
/// </summary>
public sealed class WriteOrder
{
    // Points planned ahead of one that takes long, each of which holds a scratch. Well below the commits that a plan may have missed
    // before it has to be made anew.
    private static readonly int Window = Math.Clamp(2 * Environment.ProcessorCount, 16, 128);

    // Points not yet taken: enough to keep every planner busy until the next message is read.
    private const int Backlog = 1024;

    // Protects the fields below it; nothing is taken inside it.
    private readonly Lock _gate = new();
    private readonly Queue<PendingUpsert> _upserts = new();
    private readonly Queue<PlannedPoint> _taken = new();
    private int _nextPoint;
    private int _waiting;
    private TaskCompletionSource? _room;
    private bool _isQueued;
    private bool _isCommitting;

    /// <summary>
    /// Completes when few enough points wait for their plan that another upsert may be begun: so that a stream is not read faster
    /// than it is written.
    /// </summary>
    public Task WaitForRoomAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_waiting < Backlog)
            {
                return Task.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task.WaitAsync(cancellation);
        }
    }

    /// <summary>Whether the next point is of a collection that keeps its vectors on disk.</summary>
    internal bool NeedsVectorMemory
    {
        get
        {
            lock (_gate)
            {
                return _upserts.TryPeek(out PendingUpsert? next) && next.Writer.NeedsVectorMemory;
            }
        }
    }

    /// <summary>Adds an upsert behind those there are. True if the order must be queued for a turn.</summary>
    internal bool Add(PendingUpsert upsert)
    {
        lock (_gate)
        {
            _upserts.Enqueue(upsert);
            _waiting += upsert.Points.Count;
            return NeedsTurn();
        }
    }

    /// <summary>The next point to plan, if one may be; <paramref name="hasMore"/> if the order is to be queued again at once.</summary>
    internal PlannedPoint? Take(out bool hasMore)
    {
        lock (_gate)
        {
            _isQueued = false;
            hasMore = false;
            if (!CanTake())
            {
                return null;
            }

            PendingUpsert upsert = _upserts.Peek();
            var point = new PlannedPoint(upsert, _nextPoint++);
            if (_nextPoint == upsert.Points.Count)
            {
                _upserts.Dequeue();
                _nextPoint = 0;
            }

            _taken.Enqueue(point);
            if (--_waiting < Backlog)
            {
                _room?.SetResult();
                _room = null;
            }

            hasMore = NeedsTurn();
            return point;
        }
    }

    /// <summary>
    /// Called when a point is planned: commits it and those behind it that are planned, unless another thread is at it or a point
    /// before it is still being planned. True if the order must be queued for a turn.
    /// </summary>
    internal bool Settle(PlannedPoint planned)
    {
        lock (_gate)
        {
            planned.IsReady = true;
            if (_isCommitting)
            {
                return false;
            }

            _isCommitting = true;
        }

        bool needsTurn;
        while (TryNextReady(out PlannedPoint? point, out needsTurn))
        {
            point.Upsert.Writer.Commit(point);
        }

        return needsTurn;
    }

    private bool TryNextReady([NotNullWhen(true)] out PlannedPoint? point, out bool needsTurn)
    {
        lock (_gate)
        {
            needsTurn = false;
            if (_taken.TryPeek(out point) && point.IsReady)
            {
                _taken.Dequeue();
                return true;
            }

            _isCommitting = false;
            needsTurn = NeedsTurn();
            return false;
        }
    }

    // Under the gate, as is the next. Whoever is told so has to queue the order.
    private bool NeedsTurn()
    {
        if (_isQueued || !CanTake())
        {
            return false;
        }

        _isQueued = true;
        return true;
    }

    private bool CanTake() => _upserts.Count > 0 && _taken.Count < Window;
}
