using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace AnnServer.Hosting;

/// <summary>
/// Threads for what takes long: exact scans, walks of great width, big batches, scrolls. On the threads that serve requests a few of them
/// would make every short search wait; here they wait for each other, in a queue of bounded length.
/// </summary>
internal sealed class LongWork : IDisposable
{
    public const string MeterName = "AnnServer";

    private readonly BlockingCollection<Action> _queue;
    private readonly Histogram<double> _wait;
    private readonly Refusal _refusal;
    private readonly LiveOptions _live;
    private readonly Turns _turns;
    private readonly TimeProvider _time;
    private long _refused;

    public LongWork(LiveOptions live, Turns turns, IMeterFactory meters, TimeProvider time)
    {
        _live = live;
        _turns = turns;
        ServerOptions options = live.Current;
        _refusal = new Refusal(
            $"{options.LongWorkQueue} long calls are waiting already, which is all that may (Ann:LongWorkQueue); try again, or ask for less");
        _time = time;
        _queue = new BlockingCollection<Action>(options.LongWorkQueue);
        Meter meter = meters.Create(MeterName);
        meter.CreateObservableGauge("ann.long_work.queued", () => _queue.Count, "{call}", "Long calls that wait for a thread.");
        // Reported from the start, not from the first refusal on: a rate is the difference to what was there before.
        meter.CreateObservableCounter("ann.long_work.refused", () => Volatile.Read(ref _refused), "{call}", "Long calls refused because the queue was full.");
        _wait = meter.CreateHistogram<double>("ann.long_work.wait", "s", "Time long calls waited for a thread.");
        for (int i = 0; i < (options.LongWorkers == 0 ? Environment.ProcessorCount : options.LongWorkers); i++)
        {
            new Thread(Work) { IsBackground = true, Name = "long work" }.Start();
        }
    }

    /// <summary>Distances beyond which a search is long.</summary>
    public long Distances => _live.Current.LongWorkDistances;

    /// <summary>Runs the work when a thread is free, unless it has been cancelled by then.</summary>
    /// <exception cref="Grpc.Core.RpcException">RESOURCE_EXHAUSTED: the queue is full.</exception>
    public ValueTask<T> RunAsync<T>(Func<CancellationToken, T> work, CancellationToken cancellation)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        long queued = _time.GetTimestamp();
        Activity? activity = Activity.Current;
        if (!_queue.TryAdd(Run))
        {
            Interlocked.Increment(ref _refused);
            return RefuseAsync<T>(cancellation);
        }

        return new ValueTask<T>(done.Task);

        void Run()
        {
            _wait.Record(_time.GetElapsedTime(queued).TotalSeconds);
            Activity.Current = activity;
            try
            {
                cancellation.ThrowIfCancellationRequested();
                done.SetResult(work(cancellation));
            }
            catch (OperationCanceledException canceled)
            {
                done.SetCanceled(canceled.CancellationToken);
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        }
    }

    // Not at once, for the reason that Admission has.
    private async ValueTask<T> RefuseAsync<T>(CancellationToken cancellation)
    {
        await Task.Delay(_turns.RefusalDelay, _time, cancellation);
        throw _refusal.ToException();
    }

    /// <summary>Lets the threads end once the queue is empty.</summary>
    public void Dispose() => _queue.CompleteAdding();

    private void Work()
    {
        foreach (Action work in _queue.GetConsumingEnumerable())
        {
            work();
        }
    }
}
