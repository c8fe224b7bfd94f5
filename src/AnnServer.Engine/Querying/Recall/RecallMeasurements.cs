using System.Collections.Concurrent;
using System.Diagnostics;
using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Diagnostics;
using AnnServer.Engine.Maintenance;
using Microsoft.Extensions.Logging;

namespace AnnServer.Engine.Querying.Recall;

/// <summary>
/// The thread that divides points into parts and measures the recall of searches, one collection after another. Not the janitor's: a measurement takes seconds, and sweeps
/// must not wait for it.
/// </summary>
internal sealed class RecallMeasurements(ScratchPool scratches, ILogger logger) : IDisposable
{
    private readonly BlockingCollection<CollectionData> _wanted = [];
    private readonly ConcurrentDictionary<uint, bool> _queued = new();
    private readonly CancellationTokenSource _stopping = new();
    private Thread? _thread;

    public void Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "ann-recall" };
        _thread.Start();
    }

    /// <summary>Called after a search whose collection ought to be measured; queues that once.</summary>
    public void Want(CollectionData data)
    {
        if (data.IsDropped || !_queued.TryAdd(data.Number, true))
        {
            return;
        }

        try
        {
            _wanted.Add(data);
        }
        catch (InvalidOperationException)
        {
            // Stopped meanwhile: the next process measures anew.
            return;
        }
    }

    /// <summary>Stops after the walk that is being made.</summary>
    public void Dispose()
    {
        _stopping.Cancel();
        _wanted.CompleteAdding();
        _thread?.Join();
        _stopping.Dispose();
        _wanted.Dispose();
    }

    private void Run()
    {
        BackgroundThread.GiveWay();
        foreach (CollectionData data in _wanted.GetConsumingEnumerable())
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            Measure(data);
        }
    }

    private void Measure(CollectionData data)
    {
        long started = Stopwatch.GetTimestamp();
        int turns = data.Recall.Queries.Turns;
        try
        {
            // First: a search by parts is one of those that are measured.
            bool hasNewCentres = Divide(data);
            started = Stopwatch.GetTimestamp();
            if ((hasNewCentres || data.Recall.IsStale(data.Index.LiveCount))
                && new RecallCalibrator(data, scratches, _stopping.Token).Run(data.Recall.Queries.Take()) is { } model)
            {
                data.Recall.Measured(model, turns);
                EngineLog.RecallMeasured(logger, data.Config.Name, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped: the next process measures anew.
            return;
        }
        catch (Exception error)
        {
            // A vector on disk that cannot be read, or no memory, most likely. Asked again by every search it would only fail again: those go on with
            // what is known until the next start.
            EngineLog.RecallNotMeasured(logger, data.Config.Name, error);
            return;
        }

        _queued.TryRemove(data.Number, out _);
    }

    // True where searches by parts have to be measured. Without a division all else goes on as it is.
    private bool Divide(CollectionData data)
    {
        if (!data.Index.WantsPartitions)
        {
            return false;
        }

        long started = Stopwatch.GetTimestamp();
        try
        {
            bool isDivided = data.Index.Divide(scratches, () => data.IsDropped, out bool hasNewCentres, _stopping.Token);
            if (isDivided)
            {
                EngineLog.PointsDivided(logger, data.Config.Name, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            return isDivided && hasNewCentres;
        }
        catch (OutOfMemoryException error)
        {
            EngineLog.PointsNotDivided(logger, data.Config.Name, error);
            return false;
        }
    }
}
