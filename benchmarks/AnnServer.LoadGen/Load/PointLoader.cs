using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.LoadGen.Load;

/// <summary>
/// Upserts every point of a source over all connections; batches are handed out in row order. A batch that the server refuses for
/// now is sent again, a few times. Once a batch was refused to the end no other is retried: the server is full, not busy.
/// </summary>
internal sealed class PointLoader(ServerConnections connections, PointSource source, LoadPlan plan, Action<int> onLoaded)
{
    private const int MaxRetries = 5;

    private readonly ConcurrentQueue<long> _again = new();
    private long _next = -1;
    private long _retries;
    private volatile bool _gaveUp;

    public LatencyRecorder Latencies { get; } = new();

    public ErrorTally Errors { get; } = new();

    /// <summary>Refusals after which the server was asked again.</summary>
    public long Retries => Interlocked.Read(ref _retries);

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
            await SendAsync(points, Request(batch), cancellationToken);
    }

    private async Task SendAsync(Points.PointsClient points, UpsertRequest request, CancellationToken cancellationToken)
    {
        for (int attempt = 0; ; attempt++)
        {
            long sent = Stopwatch.GetTimestamp();
            try
            {
                UpsertResponse response = await points.UpsertAsync(request, cancellationToken: cancellationToken);
                OnAcknowledged(sent, response);
                return;
            }
            catch (RpcException failure)
            {
                if (!await WaitToRetryAsync(failure, attempt, cancellationToken))
                    return;
            }
        }
    }

    private async Task StreamAsync(Points.PointsClient points, CancellationToken cancellationToken)
    {
        int attempt = 0;
        while (true)
        {
            using AsyncDuplexStreamingCall<UpsertRequest, UpsertResponse> call = points.UpsertStream(cancellationToken: cancellationToken);
            DuplexPipeline<UpsertRequest, UpsertResponse> pipeline = new(call, plan.InFlight);
            try
            {
                await pipeline.RunAsync(Batches(cancellationToken), OnStreamed, cancellationToken);
                return;
            }
            catch (RpcException failure)
            {
                if (!await WaitToRetryAsync(failure, attempt++, cancellationToken))
                    return;
                // A refusal ends the stream. Some of what came after it may be written; writing it once more changes nothing.
                foreach (Outgoing<UpsertRequest> message in pipeline.Unanswered)
                    _again.Enqueue(message.Number);
            }
        }

        void OnStreamed(Outgoing<UpsertRequest> message, UpsertResponse response)
        {
            attempt = 0;
            OnAcknowledged(message.Due, response);
        }
    }

    private async IAsyncEnumerable<Outgoing<UpsertRequest>> Batches([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            // Before a batch is taken: one that is taken and not sent would be lost.
            cancellationToken.ThrowIfCancellationRequested();
            if (!TryTake(out long batch))
                break;
            UpsertRequest request = Request(batch);
            yield return new Outgoing<UpsertRequest>(request, batch, Stopwatch.GetTimestamp());
        }
        await Task.CompletedTask;
    }

    private UpsertRequest Request(long batch)
    {
        UpsertRequest request = source.Batch(plan.Collection, batch, plan.BatchSize);
        request.Durability = plan.Durability;
        return request;
    }

    private bool TryTake(out long batch)
    {
        if (_again.TryDequeue(out batch))
            return true;
        batch = Interlocked.Increment(ref _next);
        return batch < source.Batches(plan.BatchSize);
    }

    private async Task<bool> WaitToRetryAsync(RpcException failure, int attempt, CancellationToken cancellationToken)
    {
        if (_gaveUp || attempt >= MaxRetries || !RetryAdvice.TryRead(failure, attempt, out TimeSpan delay))
        {
            _gaveUp |= attempt >= MaxRetries;
            Errors.Add(failure);
            return false;
        }
        Interlocked.Increment(ref _retries);
        await Task.Delay(delay, cancellationToken);
        return true;
    }

    private void OnAcknowledged(long sent, UpsertResponse response)
    {
        Latencies.Record(sent, Stopwatch.GetTimestamp());
        onLoaded(checked((int)response.Upserted));
    }
}
