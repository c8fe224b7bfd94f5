using System.Diagnostics;
using AnnServer.LoadGen.Load;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.LoadGen.Queries;

/// <summary>
/// Upserts single points at a steady rate beside a run of queries, on a connection of its own: rows that are not loaded yet, and
/// then the others anew, so that what a query should find does not change.
/// </summary>
internal sealed class BackgroundUpserts(ServerConnections connections, PointSource source, string collection, long loaded, double rate)
{
    // More than a disk that flushes a few hundred times a second leaves unanswered at any rate worth asking for.
    private const int InFlight = 256;

    private LatencyRecorder _latencies = new();

    public ErrorTally Errors { get; } = new();

    /// <summary>Latencies of the upserts acknowledged since the last call.</summary>
    public LatencySummary Take() => Interlocked.Exchange(ref _latencies, new LatencyRecorder()).Summarize();

    /// <summary>Until it is cancelled.</summary>
    public Task RunAsync(CancellationToken stop)
    {
        RequestSchedule schedule = new(Stopwatch.GetTimestamp(), long.MaxValue, null, rate);
        return Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => UpsertOneByOneAsync(schedule, stop)));
    }

    private async Task UpsertOneByOneAsync(RequestSchedule schedule, CancellationToken stop)
    {
        while (schedule.TryTake(Stopwatch.GetTimestamp(), out long number, out long due))
        {
            try
            {
                await RequestSchedule.WaitUntilAsync(due, stop);
                UpsertRequest request = new() { Collection = collection, Points = { source.Point((int)((loaded + number) % source.Count)) } };
                await connections.Points(0).UpsertAsync(request, cancellationToken: stop);
                Volatile.Read(ref _latencies).Record(due, Stopwatch.GetTimestamp());
            }
            catch (Exception failure) when (stop.IsCancellationRequested
                && failure is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
            {
                return;
            }
            catch (RpcException failure)
            {
                Errors.Add(failure);
            }
        }
    }
}
