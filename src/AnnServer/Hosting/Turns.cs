using System.Diagnostics.Metrics;

namespace AnnServer.Hosting;

/// <summary>
/// Lets as many searches run at once as processors can; others wait their turn, in order. Left to themselves they would wait in the queue of
/// the thread pool, where nobody sees how many there are and how long they have waited: under more load than the server can take each would be
/// answered after all before it, however long ago its client has given up, and soon none in time. Here those that nobody waits for any more are
/// passed over, and while there are too many for more than a moment, those that have waited too long are refused.
/// </summary>
internal sealed class Turns
{
    // Threads for those who read requests, and refuse them, while all turns are taken. Each one more is woken for nothing when there is less to do.
    private const int OtherThreads = 2;
    private const int LeastQueuePerProcessor = 16;

    // The mean is of about so many searches: a few that had to be compiled first do not make a slow server.
    private const double Weight = 1.0 / 256;

    // A queue that is gone by then came from a burst, or from a server that stood still for a moment, and is answered late rather than not at all.
    private static readonly TimeSpan Burst = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time;
    private readonly MadeOfOptions<Patience> _patience;
    private readonly int _most;
    private readonly long _burst;
    private readonly int _leastQueue;

    // Protects the fields below.
    private readonly Lock _gate = new();
    private readonly Queue<Waiter> _waiting = new();
    private int _running;
    private double _mean;
    private bool _isOverloaded;
    private long? _otherwiseSince;

    private volatile bool _isFull;
    private long _refused;

    public Turns(LiveOptions options, IMeterFactory meters, TimeProvider time)
        : this(options, meters, time, Environment.ProcessorCount)
    {
    }

    internal Turns(LiveOptions options, IMeterFactory meters, TimeProvider time, int processors)
    {
        _time = time;
        _patience = new MadeOfOptions<Patience>(options, options => new Patience(options.MaxSearchWait, Ticks(options.MaxSearchWait)));
        _most = processors;
        _leastQueue = processors * LeastQueuePerProcessor;
        _burst = Ticks(Burst);
        Meter meter = meters.Create(LongWork.MeterName);
        meter.CreateObservableGauge("ann.search.waiting", () => Waiting, "{search}", "Searches that wait for their turn on the processors.");
        meter.CreateObservableCounter(
            "ann.search.refused", () => Interlocked.Read(ref _refused), "{search}", "Searches refused because too many waited for the processors.");

        long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);
    }

    /// <summary>How long a call is kept that is refused unread. The longer, the fewer of them there are, and the more is left for answers.</summary>
    public TimeSpan RefusalDelay => 2 * _patience.Value.Span;

    /// <summary>Whether another search would only be refused after its wait, so that its request need not even be read.</summary>
    public bool IsFull => _isFull;

    private int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Enough threads for all turns, and for those who read requests and refuse them meanwhile.</summary>
    public static void ReserveThreads()
    {
        ThreadPool.GetMinThreads(out int workers, out int completions);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + OtherThreads), completions);
    }

    /// <summary>What a search gets that is not answered; it counts as refused.</summary>
    public Refusal Refuse()
    {
        Interlocked.Increment(ref _refused);
        return _patience.Value.Refusal;
    }

    /// <summary>The turn is over when what is returned is disposed.</summary>
    /// <param name="mayRefuse">False for a message of a stream, which would end with it; its client waits for answers before it sends more.</param>
    /// <exception cref="Grpc.Core.RpcException">RESOURCE_EXHAUSTED: too many wait.</exception>
    public ValueTask<Turn> TakeAsync(bool mayRefuse, CancellationToken cancellation)
    {
        long now = _time.GetTimestamp();
        Waiter waiter;
        lock (_gate)
        {
            // With a turn to spare nobody waits.
            if (_running < _most)
            {
                _running++;
                if (_isOverloaded)
                {
                    Look(now);
                }

                return ValueTask.FromResult(new Turn(this, now));
            }

            waiter = new Waiter(now, mayRefuse, cancellation);
            _waiting.Enqueue(waiter);
            Look(now);
        }

        return WaitAsync(waiter, cancellation);
    }

    private async ValueTask<Turn> WaitAsync(Waiter waiter, CancellationToken cancellation)
    {
        if (await waiter.Task)
        {
            return new Turn(this, _time.GetTimestamp());
        }

        cancellation.ThrowIfCancellationRequested();
        throw Refuse().ToException();
    }

    private void Leave(long started)
    {
        long now = _time.GetTimestamp();
        lock (_gate)
        {
            _mean += (Math.Min(now - started, _patience.Value.Ticks) - _mean) * Weight;
            if (!TryPass(now))
            {
                _running--;
            }

            if (_isOverloaded || _otherwiseSince is not null)
            {
                Look(now);
            }
        }
    }

    // To the next that is still waited for, and has not waited too long. The gate is held; what follows a wait runs on other threads.
    private bool TryPass(long now)
    {
        long longest = _patience.Value.Ticks;
        while (_waiting.TryDequeue(out Waiter? next))
        {
            bool isLate = _isOverloaded && next.MayRefuse && now - next.Since > longest;
            if (!isLate && !next.Cancellation.IsCancellationRequested)
            {
                next.SetResult(true);
                return true;
            }

            next.SetResult(false);
        }

        return false;
    }

    // Overloaded is a server whose queue has been long for a while, until it has been short for a while. The gate is held.
    private void Look(long now)
    {
        double longest = Math.Max(_leastQueue, _patience.Value.Ticks * _most / Math.Max(_mean, 1));
        bool isLong = _waiting.Count > longest / 2;
        if (isLong == _isOverloaded)
        {
            _otherwiseSince = null;
        }
        else if (_otherwiseSince is null)
        {
            _otherwiseSince = now;
        }
        else if (now - _otherwiseSince > _burst)
        {
            _isOverloaded = isLong;
            _otherwiseSince = null;
        }

        _isFull = _isOverloaded && _waiting.Count >= longest;
    }

    /// <summary>A search on the processors.</summary>
    public readonly struct Turn(Turns turns, long started) : IDisposable
    {
        public void Dispose() => turns.Leave(started);
    }

    /// <summary>The longest that a search waits, and what it gets then.</summary>
    private sealed class Patience(TimeSpan span, long ticks)
    {
        public TimeSpan Span => span;

        public long Ticks => ticks;

        public Refusal Refusal { get; } = new(
            $"Searches would wait for a processor longer than {span.TotalMilliseconds:F0} ms, which is all that they may (Ann:MaxSearchWait); try again later.");
    }

    /// <summary>True when it is its turn, false when it is passed over.</summary>
    private sealed class Waiter(long since, bool mayRefuse, CancellationToken cancellation)
        : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long Since => since;

        public bool MayRefuse => mayRefuse;

        public CancellationToken Cancellation => cancellation;
    }
}
