using System.Collections.Concurrent;
using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Diagnostics;
using AnnServer.Storage;
using Microsoft.Extensions.Logging;

namespace AnnServer.Engine.Maintenance;

/// <summary>
/// The background thread that sweeps graphs in which points have been hidden, and frees the memory of dropped collections once the last
/// reader has left. Work is queued without waiting.
/// </summary>
internal sealed class Janitor(ScratchPool scratches, EngineMetrics metrics, ILogger logger) : IDisposable
{
    // A sweep looks at every row, so it waits until it has something to show for it: a tenth of the points, or a few hundred.
    private const int MinHidden = 256;
    private const int LivePerHidden = 10;

    private static readonly TimeSpan SpacePoll = TimeSpan.FromMilliseconds(250);

    private readonly BlockingCollection<Action> _work = [];
    private readonly ConcurrentDictionary<uint, bool> _queued = new();
    private readonly CancellationTokenSource _stopping = new();
    private OperationLog? _log;
    private Thread? _thread;

    public void Start(OperationLog log)
    {
        _log = log;
        _thread = new Thread(Run) { IsBackground = true, Name = "ann-janitor" };
        _thread.Start();
    }

    /// <summary>Called after points were hidden; queues a sweep when it is worth one.</summary>
    public void PointsHidden(CollectionData data)
    {
        int hidden = data.Index.HiddenCount;
        if (hidden >= MinHidden && hidden >= data.Index.LiveCount / LivePerHidden && !data.IsDropped)
        {
            QueueSweep(data);
        }
    }

    /// <summary>Called when no slot is left; queues a sweep if it would free any.</summary>
    public void SlotsWanted(CollectionData data)
    {
        if (data.Index.HiddenCount > 0)
        {
            QueueSweep(data);
        }
    }

    /// <summary>Frees a collection that <see cref="CollectionData.IsDropped"/> says is gone.</summary>
    public void Dropped(CollectionData data) => Enqueue(() =>
    {
        if (scratches.WaitForReaders(_stopping.Token))
        {
            data.Dispose();
        }
    });

    /// <summary>Stops after the row that is being repaired; whatever is left is found again at the next start.</summary>
    public void Dispose()
    {
        _stopping.Cancel();
        _work.CompleteAdding();
        _thread?.Join();
        _stopping.Dispose();
        _work.Dispose();
    }

    private void QueueSweep(CollectionData data)
    {
        if (_queued.TryAdd(data.Number, true))
        {
            Enqueue(() => SweepWhenThereIsSpace(data));
        }
    }

    private void SweepWhenThereIsSpace(CollectionData data)
    {
        if (_log!.Disk.Shortage() is null)
        {
            Sweep(data);
        }

        if (_log.Disk.Shortage() is not null && !data.IsDropped)
        {
            // To the end of the queue: freeing a dropped collection needs no space.
            if (!_stopping.Token.WaitHandle.WaitOne(SpacePoll))
            {
                Enqueue(() => SweepWhenThereIsSpace(data));
            }

            return;
        }

        _queued.TryRemove(data.Number, out _);
        // What was hidden while the sweep ran may be worth another, or may be nearly nothing.
        PointsHidden(data);
    }

    private void Enqueue(Action work)
    {
        try
        {
            _work.Add(work);
        }
        catch (InvalidOperationException)
        {
            // Stopped meanwhile: whatever is left is found again at the next start.
            return;
        }
    }

    private void Run()
    {
        BackgroundThread.GiveWay();
        foreach (Action work in _work.GetConsumingEnumerable())
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            try
            {
                work();
            }
            catch (StorageFaultException fault)
            {
                // The log keeps the fault, every write sees it, and the next start finds the work undone.
                EngineLog.SweepStopped(logger, fault);
            }
            catch (Exception error)
            {
                // No memory, most likely. A change may have been applied and not logged; searches are as good as before.
                EngineLog.SweepStopped(logger, _log!.Fail(error));
            }
        }
    }

    private void Sweep(CollectionData data)
    {
        var sweep = new GraphSweep(data, _log!, scratches, _stopping.Token);
        if (!sweep.Unlink())
        {
            return;
        }

        if (scratches.WaitForReaders(_stopping.Token))
        {
            sweep.Release();
            metrics.Swept(data.Config.Name, sweep.Forgotten, sweep.RepairedRows);
            EngineLog.Swept(logger, data.Config.Name, sweep.Forgotten, sweep.RepairedRows, sweep.Relinked);
        }
    }
}
