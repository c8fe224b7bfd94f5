using System.Diagnostics;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Processes;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Soak;

/// <summary>Looks at the server while it works.</summary>
internal sealed class SoakSampler(SoakSettings settings, SoakTally tally, RecallProbe recall, string folder)
{
    private readonly long _started = Stopwatch.GetTimestamp();
    private long _intervalStarted;

    public List<SoakSample> Samples { get; } = [];

    /// <summary>Operations of all intervals.</summary>
    public long Answered { get; private set; }

    public double Seconds => Stopwatch.GetElapsedTime(_started).TotalSeconds;

    /// <summary>The load begins, or begins again: what came before is of no interval.</summary>
    public void Begin()
    {
        Count(tally.Take());
        _intervalStarted = Stopwatch.GetTimestamp();
    }

    /// <summary>The load has ended: what came since the last sample is of no interval.</summary>
    public void End() => Count(tally.Take());

    public async Task TakeAsync(ServerProcess server, ServerConnections connections, int start, CancellationToken cancellationToken)
    {
        long now = Stopwatch.GetTimestamp();
        SoakInterval interval = tally.Take();
        double seconds = Stopwatch.GetElapsedTime(_intervalStarted, now).TotalSeconds;
        _intervalStarted = now;
        long answered = Count(interval);
        ProcessSample process = ProcessSample.Read(server.Id);
        GetStatsResponse stats = await connections.Admin.GetStatsAsync(new GetStatsRequest(), cancellationToken: cancellationToken);
        CountRequest all = new() { Collection = settings.Collection };
        CountResponse count = await connections.Points(0).CountAsync(all, cancellationToken: cancellationToken);
        Samples.Add(new SoakSample(
            Stopwatch.GetElapsedTime(_started, now).TotalSeconds, start, process.ResidentBytes, process.AnonymousBytes,
            (long)stats.ManagedHeapBytes, process.Threads, process.Handles, FolderSize.Of(folder), interval.Searches.Summarize(),
            interval.Writes.Summarize(), settings.Rate, answered / seconds, interval.Failures, await recall.MeasureAsync(connections, cancellationToken),
            (long)count.Count));
    }

    private long Count(SoakInterval interval)
    {
        long answered = interval.Searches.Summarize().Count + interval.Writes.Summarize().Count;
        Answered += answered;
        return answered;
    }
}
