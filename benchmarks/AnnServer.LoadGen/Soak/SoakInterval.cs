using AnnServer.LoadGen.Load;

namespace AnnServer.LoadGen.Soak;

/// <summary>Latencies of operations answered, from when they were due, and failures without an excuse.</summary>
internal sealed class SoakInterval
{
    private long _failures;

    public LatencyRecorder Searches { get; } = new();

    public LatencyRecorder Writes { get; } = new();

    public long Failures => Interlocked.Read(ref _failures);

    public LatencyRecorder Of(OperationKind kind) =>
        kind is OperationKind.Search or OperationKind.Filtered or OperationKind.Batch ? Searches : Writes;

    public void Failed() => Interlocked.Increment(ref _failures);
}
