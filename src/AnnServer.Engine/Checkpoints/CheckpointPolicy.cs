namespace AnnServer.Engine.Checkpoints;

/// <summary>When checkpoints are made without being asked for.</summary>
/// <param name="LogBytes">Once so much log would have to be replayed.</param>
/// <param name="Interval">Once the last is so old, if anything has changed since.</param>
/// <param name="LeastRewritten">A page log that is smaller is not written anew, whatever part of it is out of date.</param>
internal sealed record CheckpointPolicy(long LogBytes, TimeSpan Interval, long LeastRewritten)
{
    // Pages of which there is a newer image, for each byte of those that count, before all are written anew.
    private const double MostGarbage = 0.75;

    /// <summary>Whether a checkpoint is due.</summary>
    public bool IsDue(long logBytes, TimeSpan age) => logBytes > 0 && (logBytes >= LogBytes || age >= Interval);

    /// <summary>Whether so much of the page log is out of date that it should be written anew.</summary>
    public bool IsWasteful(long bytes, long usefulBytes) => bytes > LeastRewritten && bytes > usefulBytes * (1 + MostGarbage);
}
