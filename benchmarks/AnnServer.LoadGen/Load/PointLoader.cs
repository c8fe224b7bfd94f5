using System.Diagnostics;
using System.Runtime.CompilerServices;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.LoadGen.Load;

/// <summary>Upserts every point of a source over all connections; batches are handed out in row order.</summary>
internal sealed class PointLoader(ServerConnections connections, PointSource source, LoadPlan plan, Action<int> onLoaded)
{
    private long _next = -1;

    public LatencyRecorder Latencies { get; } = new();

    public ErrorTally Errors { get; } = new();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<Task> workers = [];
        for (int connection = 0; connection < connections.Count; connection++)
        {
            Points.PointsClient points = connections.Points(connection);
            if (plan.Stream)
            {
                workers.Add(StreamAsync(points, cancellationToken));
                continue;
            }
            for (int i = 0; i < plan.InFlight; i++)
                workers.Add(SendOneByOneAsync(points, cancellationToken));
        }
        await Task.WhenAll(workers);
    }

    private async Task SendOneByOneAsync(Points.PointsClient points, CancellationToken cancellationToken)
    {
        while (TryTake(out long batch))
        {
            UpsertRequest request = source.Batch(plan.Collection, batch, plan.BatchSize);
            long sent = Stopwatch.GetTimestamp();
            try
            {
                UpsertResponse response = await points.UpsertAsync(request, cancellationToken: cancellationToken);
                OnAcknowledged(sent, response);
            }
            catch (RpcException failure)
            {
                Errors.Add(failure);
            }
        }
    }

    private async Task StreamAsync(Points.PointsClient points, CancellationToken cancellationToken)
    {
        using AsyncDuplexStreamingCall<UpsertRequest, UpsertResponse> call = points.UpsertStream(cancellationToken: cancellationToken);
        DuplexPipeline<UpsertRequest, UpsertResponse> pipeline = new(call, plan.InFlight);
        try
        {
            await pipeline.RunAsync(
                Batches(cancellationToken), (message, response) => OnAcknowledged(message.Due, response), cancellationToken);
        }
        catch (RpcException failure)
        {
            Errors.Add(failure);
        }
    }

    private async IAsyncEnumerable<Outgoing<UpsertRequest>> Batches([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (TryTake(out long batch))
        {
            cancellationToken.ThrowIfCancellationRequested();
            UpsertRequest request = source.Batch(plan.Collection, batch, plan.BatchSize);
            yield return new Outgoing<UpsertRequest>(request, batch, Stopwatch.GetTimestamp());
        }
        await Task.CompletedTask;
    }

    private bool TryTake(out long batch)
    {
        batch = Interlocked.Increment(ref _next);
        return batch < source.Batches(plan.BatchSize);
    }

    private void OnAcknowledged(long sent, UpsertResponse response)
    {
        Latencies.Record(sent, Stopwatch.GetTimestamp());
        onLoaded(checked((int)response.Upserted));
    }
}
