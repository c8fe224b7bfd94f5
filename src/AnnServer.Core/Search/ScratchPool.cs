namespace AnnServer.Core.Search;

/// <summary>
/// Hands out scratches and knows, by epochs, which readers are still inside. A slot may be used again when every scratch rented
/// before its last link was removed has been returned (epoch-based reclamation, Fraser 2004).
/// </summary>
public sealed class ScratchPool
{
    private static readonly TimeSpan ReaderPoll = TimeSpan.FromMilliseconds(1);

    // Protects the two lists; held for a few instructions.
    private readonly Lock _lock = new();
    private readonly List<SearchScratch> _all = [];
    private readonly Stack<SearchScratch> _free = new();
    private long _epoch;

    /// <summary>Scratches made so far: the greatest number of threads that were inside at once.</summary>
    public int Created
    {
        get
        {
            lock (_lock)
            {
                return _all.Count;
            }
        }
    }

    /// <summary>Rents a scratch until the scope is disposed.</summary>
    public Scope Rent()
    {
        SearchScratch? scratch;
        lock (_lock)
        {
            if (!_free.TryPop(out scratch))
            {
                scratch = new SearchScratch();
                _all.Add(scratch);
            }
        }

        scratch.Enter(Volatile.Read(ref _epoch));
        return new Scope(this, scratch);
    }

    /// <summary>Starts a new epoch; slots unlinked before the call may be used again once <see cref="HasReadersBefore"/> of it is false.</summary>
    public long AdvanceEpoch() => Interlocked.Increment(ref _epoch);

    /// <summary>Whether a scratch rented before the epoch began is still out.</summary>
    public bool HasReadersBefore(long epoch)
    {
        lock (_lock)
        {
            foreach (SearchScratch scratch in _all)
            {
                if (scratch.Epoch < epoch)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Waits until nobody can see any more what was taken out before the call. False when stopped first.</summary>
    public bool WaitForReaders(CancellationToken stopping)
    {
        long epoch = AdvanceEpoch();
        while (HasReadersBefore(epoch))
        {
            if (stopping.WaitHandle.WaitOne(ReaderPoll))
            {
                return false;
            }
        }

        return true;
    }

    private void Return(SearchScratch scratch)
    {
        scratch.Leave();
        lock (_lock)
        {
            _free.Push(scratch);
        }
    }

    /// <summary>The time a scratch is rented for.</summary>
    public readonly struct Scope : IDisposable
    {
        private readonly ScratchPool _pool;

        internal Scope(ScratchPool pool, SearchScratch scratch)
        {
            _pool = pool;
            Scratch = scratch;
        }

        public SearchScratch Scratch { get; }

        public void Dispose() => _pool.Return(Scratch);
    }
}
