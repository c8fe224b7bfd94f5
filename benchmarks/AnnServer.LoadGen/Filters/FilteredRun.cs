using System.Diagnostics;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.LoadGen.Filters;

/// <summary>Sends every pair once and judges its answer.</summary>
internal sealed class FilteredRun(
    ServerConnections connections, FilteredPlan plan, IReadOnlyList<FilteredCase> pairs, VectorFile queries, FilteredJudge judge)
{
    private readonly FilteredOutcome?[] _outcomes = new FilteredOutcome?[pairs.Count];
    private int _next = -1;

    public ErrorTally Errors { get; } = new();

    /// <summary>Of the pairs that were answered.</summary>
    public IReadOnlyList<FilteredOutcome> Outcomes => [.. _outcomes.OfType<FilteredOutcome>()];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        List<Task> workers = [];
        for (int connection = 0; connection < connections.Count; connection++)
        {
            for (int i = 0; i < plan.Concurrency; i++)
                workers.Add(WorkAsync(connections.Points(connection), cancellationToken));
        }
        await Task.WhenAll(workers);
    }

    private async Task WorkAsync(Points.PointsClient points, CancellationToken cancellationToken)
    {
        for (int i = Interlocked.Increment(ref _next); i < pairs.Count; i = Interlocked.Increment(ref _next))
        {
            SearchRequest request = Request(pairs[i]);
            long sent = Stopwatch.GetTimestamp();
            try
            {
                SearchResponse response = await points.SearchAsync(request, cancellationToken: cancellationToken);
                _outcomes[i] = judge.Judge(pairs[i], response, Stopwatch.GetElapsedTime(sent).TotalMicroseconds);
            }
            catch (RpcException failure)
            {
                Errors.Add(failure);
            }
        }
    }

    private SearchRequest Request(FilteredCase pair)
    {
        SearchRequest request = new()
        {
            Collection = plan.Collection,
            Vector = PackedVectors.FromRow(queries, pair.Query),
            K = (uint)plan.K,
            Explain = true,
            Filter = plan.AsExpression
                ? new Filter { Expression = FilterExpression.From(pair.Predicate) }
                : new Filter { Predicate = pair.Predicate },
        };
        plan.Effort.Apply(request);
        return request;
    }
}
