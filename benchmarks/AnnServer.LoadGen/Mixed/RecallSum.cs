namespace AnnServer.LoadGen.Mixed;

/// <summary>Right results out of those wanted, over many answers and threads.</summary>
internal sealed class RecallSum
{
    private long _right;
    private long _wanted;

    /// <summary>1 where nothing was wanted.</summary>
    public double Value => _wanted == 0 ? 1 : (double)Interlocked.Read(ref _right) / Interlocked.Read(ref _wanted);

    public void Add(int right, int wanted)
    {
        Interlocked.Add(ref _right, Math.Min(right, wanted));
        Interlocked.Add(ref _wanted, wanted);
    }
}
