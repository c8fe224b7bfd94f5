using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Mixed;

/// <summary>When nothing changes any more: everything the server holds against everything it must hold.</summary>
internal sealed class FinalAudit(MixedRun run, IReadOnlyList<OwnedModel> models, Points.PointsClient points)
{
    private readonly PointChecks _checks = new(run);
    private readonly Dictionary<ulong, ModelPoint> _live = models.SelectMany(model => model.Points).ToDictionary(point => point.Id);

    public RecallSum Recall { get; } = new();

    public int ExactEqual { get; private set; }

    public int LivePoints => _live.Count;

    public async Task RunAsync(ContentFactory content, CancellationToken cancellationToken)
    {
        await CheckContentAsync(cancellationToken);
        for (int i = 0; i < run.Settings.FinalQueries; i++)
            await CheckSearchAsync(content.NewVector(), cancellationToken);
    }

    private async Task CheckContentAsync(CancellationToken cancellationToken)
    {
        CountRequest count = new() { Collection = run.Collection };
        CountResponse counted = await points.CountAsync(count, cancellationToken: cancellationToken);
        run.Wrong.Expect(counted.Count == (ulong)_live.Count, $"at the end the server counts {counted.Count} points, not {_live.Count}");
        ScrollRequest request = new() { Collection = run.Collection, PageSize = 500, WithAttributes = true, WithVector = true };
        HashSet<ulong> seen = [];
        do
        {
            ScrollResponse page = await points.ScrollAsync(request, cancellationToken: cancellationToken);
            foreach (Point point in page.Points)
            {
                if (_live.TryGetValue(point.Id.Num, out ModelPoint? expected) && seen.Add(point.Id.Num))
                    _checks.CheckPoint("final scroll", expected, point, withVector: true);
                else
                    run.Wrong.Add($"final scroll returned {point.Id.Num}, which does not exist or came before");
            }
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0 && seen.Count <= _live.Count);
        run.Wrong.Expect(seen.Count == _live.Count, $"final scroll returned {seen.Count} of {_live.Count} points");
    }

    private async Task CheckSearchAsync(float[] query, CancellationToken cancellationToken)
    {
        int k = run.Settings.K;
        double[] best = run.Oracle.TopScores(query, _live.Values, k);
        SearchRequest request = new() { Collection = run.Collection, Vector = PackedVectors.FromSingles(query), K = (uint)k };
        List<double> answered = await SearchAsync("final search", query, request, cancellationToken);
        Recall.Add(run.Oracle.CountRight(best, answered), best.Length);
        request.Exact = true;
        List<double> exact = await SearchAsync("final exact search", query, request, cancellationToken);
        if (run.Oracle.IsExact(best, exact))
            ExactEqual++;
        else
            run.Wrong.Add("final exact search differs from the oracle");
    }

    private async Task<List<double>> SearchAsync(
        string operation, float[] query, SearchRequest request, CancellationToken cancellationToken)
    {
        SearchResponse response = await points.SearchAsync(request, cancellationToken: cancellationToken);
        int wanted = Math.Min(run.Settings.K, _live.Count);
        run.Wrong.Expect(response.Hits.Count == wanted, $"{operation} returned {response.Hits.Count} of {wanted} results");
        List<double> scores = [];
        foreach (Hit hit in response.Hits)
        {
            if (_live.TryGetValue(hit.Id.Num, out ModelPoint? point))
                scores.Add(run.Oracle.Score(query, point));
            else
                run.Wrong.Add($"{operation} returned {hit.Id.Num}, which does not exist");
        }
        return scores;
    }
}
