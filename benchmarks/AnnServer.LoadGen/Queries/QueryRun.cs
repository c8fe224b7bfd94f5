using System.Diagnostics;
using System.Runtime.CompilerServices;
using AnnServer.LoadGen.Load;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.LoadGen.Queries;

/// <summary>
/// Sends prepared queries by a schedule, over and over in row order. Requests are built beforehand and shared, because a load
/// generator on the server's machine takes its processor time from what it measures.
/// </summary>
internal sealed class QueryRun(
    ServerConnections connections, SearchRequest[] queries, QueryPlan plan, RequestSchedule schedule, AnswerTally answers)
{
    public LatencyRecorder Latencies { get; } = new();

    /// <summary>In an open loop, how long after its intended time each request left: late timers, or too little concurrency.</summary>
    public LatencyRecorder SendLags { get; } = new();

    public ErrorTally Errors { get; } = new();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<Task> workers = [];
        for (int connection = 0; connection < connections.Count; connection++)
        {
            Points.PointsClient points = connections.Points(connection);
            if (plan.Mode == QueryMode.Stream)
            {
                workers.Add(StreamAsync(points, cancellationToken));
                continue;
            }
            for (int i = 0; i < plan.Concurrency; i++)
                workers.Add(SendOneByOneAsync(points, cancellationToken));
        }
        await Task.WhenAll(workers);
    }

    private async Task SendOneByOneAsync(Points.PointsClient points, CancellationToken cancellationToken)
    {
        while (schedule.TryTake(Stopwatch.GetTimestamp(), out long request, out long due))
        {
            await WaitUntilDueAsync(due, cancellationToken);
            try
            {
                if (plan.Mode == QueryMode.Batch)
                    await SendBatchAsync(points, request, due, cancellationToken);
                else
                    await SendOneAsync(points, request, due, cancellationToken);
            }
            catch (RpcException failure)
            {
                Errors.Add(failure);
            }
        }
    }

    private async ValueTask WaitUntilDueAsync(long due, CancellationToken cancellationToken)
    {
        if (!schedule.IsOpenLoop)
            return;
        await RequestSchedule.WaitUntilAsync(due, cancellationToken);
        SendLags.Record(due, Stopwatch.GetTimestamp());
    }

    private async Task SendOneAsync(Points.PointsClient points, long request, long due, CancellationToken cancellationToken)
    {
        int query = (int)(request % queries.Length);
        SearchResponse response = await points.SearchAsync(queries[query], cancellationToken: cancellationToken);
        Latencies.Record(due, Stopwatch.GetTimestamp());
        answers.Add(query, response);
    }

    private async Task SendBatchAsync(Points.PointsClient points, long request, long due, CancellationToken cancellationToken)
    {
        SearchBatchRequest batch = new() { Collection = plan.Collection };
        for (int i = 0; i < plan.Batch; i++)
            batch.Queries.Add(queries[QueryInBatch(request, i)]);
        SearchBatchResponse response = await points.SearchBatchAsync(batch, cancellationToken: cancellationToken);
        Latencies.Record(due, Stopwatch.GetTimestamp());
        if (response.Results.Count != plan.Batch)
            throw new RpcException(new Status(StatusCode.DataLoss, $"{response.Results.Count} results for {plan.Batch} queries."));
        for (int i = 0; i < plan.Batch; i++)
            answers.Add(QueryInBatch(request, i), response.Results[i]);
    }

    private int QueryInBatch(long request, int position) => (int)(((request * plan.Batch) + position) % queries.Length);

    private async Task StreamAsync(Points.PointsClient points, CancellationToken cancellationToken)
    {
        using AsyncDuplexStreamingCall<SearchRequest, SearchResponse> call = points.SearchStream(cancellationToken: cancellationToken);
        DuplexPipeline<SearchRequest, SearchResponse> pipeline = new(call, plan.Concurrency, sendsTogether: !schedule.IsOpenLoop);
        try
        {
            await pipeline.RunAsync(Messages(cancellationToken), OnStreamed, cancellationToken);
        }
        catch (RpcException failure)
        {
            Errors.Add(failure);
        }
    }

    private async IAsyncEnumerable<Outgoing<SearchRequest>> Messages([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (schedule.TryTake(Stopwatch.GetTimestamp(), out long request, out long due))
        {
            await WaitUntilDueAsync(due, cancellationToken);
            yield return new Outgoing<SearchRequest>(queries[(int)(request % queries.Length)], request, due);
        }
    }

    private void OnStreamed(Outgoing<SearchRequest> message, SearchResponse response)
    {
        Latencies.Record(message.Due, Stopwatch.GetTimestamp());
        answers.Add((int)(message.Number % queries.Length), response);
    }
}
