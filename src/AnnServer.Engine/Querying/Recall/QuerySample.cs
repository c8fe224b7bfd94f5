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
    private readonly float[]?[] _vectors = new float[Capacity][];
    private int _offered;
    private int _kept;

    /// <summary>Vectors it holds.</summary>
    public int Count => Math.Min(Volatile.Read(ref _kept), Capacity);

    public void Offer(ReadOnlySpan<float> vector)
    {
        int offered = Interlocked.Increment(ref _offered);
        if ((offered > Capacity && offered % OneIn != 0) || !_lock.TryEnter())
        {
            return;
        }

        try
        {
            ref float[]? place = ref _vectors[_kept++ % Capacity];
            place ??= new float[vector.Length];
            vector.CopyTo(place);
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
            return [.. _vectors.Take(_kept).Select(static vector => vector!.ToArray())];
        }
    }
}
