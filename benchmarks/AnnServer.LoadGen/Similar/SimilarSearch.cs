using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Reports;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.LoadGen.Similar;

/// <summary>Finds the neighbours of a stored point by its own vector.</summary>
internal static class SimilarSearch
{
    public static async Task<SimilarReport> RunAsync(ServerConnections connections, SimilarPlan plan, CancellationToken cancellationToken)
    {
        Metric metric = await MetricAsync(connections, plan.Collection, cancellationToken);
        GetRequest get = new() { Collection = plan.Collection, Ids = { plan.Id }, WithVector = true };
        GetResponse found = await connections.Points(0).GetAsync(get, cancellationToken: cancellationToken);
        if (found.Points.Count == 0)
            throw new InvalidDataException(NoSuchPoint(plan));

        SearchRequest search = new()
        {
            Collection = plan.Collection,
            Vector = found.Points[0].Vector,
            // One more, for the point itself.
            K = (uint)plan.K + 1,
            Filter = plan.Filter is null ? null : new Filter { Expression = plan.Filter },
            WithAttributes = true,
            Explain = plan.Explain,
        };
        plan.Effort.Apply(search);
        SearchResponse response = await connections.Points(0).SearchAsync(search, cancellationToken: cancellationToken);
        IEnumerable<Hit> others = response.Hits.Where(hit => !hit.Id.Equals(plan.Id)).Take(plan.K);
        return new SimilarReport(
            plan.Collection, AttributeText.Of(plan.Id), ScoreName(metric),
            [.. others.Select((hit, i) => new SimilarPoint(i + 1, AttributeText.Of(hit.Id), hit.Score, AttributeText.Of(hit.Attributes)))],
            plan.Explain ? SearchReportText.Of(response.Report) : null);
    }

    private static async Task<Metric> MetricAsync(ServerConnections connections, string collection, CancellationToken cancellationToken)
    {
        try
        {
            GetCollectionRequest request = new() { Name = collection };
            GetCollectionResponse response =
                await connections.Collections.GetCollectionAsync(request, cancellationToken: cancellationToken);
            return response.Collection.Config.Metric;
        }
        catch (RpcException failure) when (failure.StatusCode == StatusCode.NotFound)
        {
            ListCollectionsResponse all = await connections.Collections.ListCollectionsAsync(
                new ListCollectionsRequest(), cancellationToken: cancellationToken);
            string names = string.Join(", ", all.Collections.Select(info => info.Config.Name));
            throw new InvalidDataException(
                $"There is no collection '{collection}'; the server has {(names.Length == 0 ? "none" : names)}.", failure);
        }
    }

    private static string NoSuchPoint(SimilarPlan plan)
    {
        if (plan.Id.IdCase == PointId.IdOneofCase.Num)
            return $"Collection '{plan.Collection}' has no point with the number {plan.Id.Num}.";
        string hint = ulong.TryParse(plan.Id.Key, out ulong _) ? " If the number is meant, add --num." : "";
        return $"Collection '{plan.Collection}' has no point with the key \"{plan.Id.Key}\".{hint}";
    }

    private static string ScoreName(Metric metric) => metric switch
    {
        Metric.L2 => "distance",
        Metric.Cosine => "cosine",
        Metric.Dot => "dot product",
        _ => "score",
    };
}
