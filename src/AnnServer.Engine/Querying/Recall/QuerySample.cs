namespace AnnServer.Engine.Querying.Recall;

/// <summary>Vectors of recent searches that named a recall: what the next calibration is made with. Any thread.</summary>
internal sealed class QuerySample
{
    /// <summary>Vectors kept: so many tell the mean recall of real queries to half a point, a quarter of them to one.</summary>
    public const int Capacity = 1024;

    // Of those that follow the first, so that the sample stands for some time and costs next to nothing.
    private const int OneIn = 8;

    // Held for a copy of a vector; who does not get it at once leaves its vector out.
    private readonly Lock _lock = new();
    private readonly List<float[]> _vectors = [];
    private int _offered;
    private int _count;
    private int _next;
    private int _replaced;

    /// <summary>Vectors it holds.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>How often all of them have been replaced by newer ones.</summary>
    public int Turns => Volatile.Read(ref _replaced) / Capacity;

    public void Offer(ReadOnlySpan<float> vector)
    {
        int offered = Interlocked.Increment(ref _offered);
        if ((offered > Capacity && offered % OneIn != 0) || !_lock.TryEnter())
        {
            return;
        }

        try
        {
            if (_vectors.Count < Capacity)
            {
                _vectors.Add(vector.ToArray());
                Volatile.Write(ref _count, _vectors.Count);
            }
            else
            {
                vector.CopyTo(_vectors[_next]);
                _next = (_next + 1) % Capacity;
                Volatile.Write(ref _replaced, _replaced + 1);
            }
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>A copy of all that is kept.</summary>
    public List<float[]> Take()
    {
        lock (_lock)
        {
            return [.. _vectors.Select(static vector => vector.ToArray())];
        }
    }
}
