using AnnServer.Engine.Model;

namespace AnnServer.Engine.Diagnostics;

/// <summary>
/// What the searches of one collection add up to, for instruments that are read when somebody collects them: a counter that is told of
/// each search looks its tags up each time, which costs as much as a few dozen distances.
/// </summary>
internal sealed class SearchTotals
{
    private long _distances;
    private long _fallbacks;

    public long Distances => Volatile.Read(ref _distances);

    public long Fallbacks => Volatile.Read(ref _fallbacks);

    public void Add(in SearchReport report)
    {
        Interlocked.Add(ref _distances, report.DistanceComputations);
        if (report.ExactFallback)
        {
            Interlocked.Increment(ref _fallbacks);
        }
    }
}
