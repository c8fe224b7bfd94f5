using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Mixed;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Soak;

/// <summary>
/// Recall of some searches against the same ones made exactly right after. A write between the two can count against the server; at some
/// hundred writes a second to tens of thousands of points that is one result in a million.
/// </summary>
internal sealed class RecallProbe(SoakSettings settings, SoakContent content, int queries)
{
    private int _next;

    public async Task<double> MeasureAsync(ServerConnections connections, CancellationToken cancellationToken)
    {
        RecallSum recall = new();
        ScoreKind kind = Metrics.ScoreOf(settings.Metric);
        for (int i = 0; i < queries; i++)
        {
            SearchRequest search = content.Searches[_next++ % content.Searches.Count];
            SearchRequest exact = search.Clone();
            exact.Exact = true;
            Points.PointsClient points = connections.Points(0);
            SearchResponse answer = await points.SearchAsync(search, cancellationToken: cancellationToken);
            SearchResponse truth = await points.SearchAsync(exact, cancellationToken: cancellationToken);
            if (truth.Hits.Count == 0)
                continue;
            // The same distance computed by two kernels differs in its last bit.
            double worst = truth.Hits[^1].Score * (kind == ScoreKind.SquaredDistance ? 1 + ExactScore.SimilarityTolerance : 1);
            recall.Add(answer.Hits.Count(hit => ExactScore.IsNoWorse(kind, hit.Score, worst)), truth.Hits.Count);
        }
        return recall.Value;
    }
}
