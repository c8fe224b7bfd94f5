using AnnServer.LoadGen.Filters;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Mixed;

/// <summary>Searches of one worker, checked as far as its own points go.</summary>
internal sealed class SearchOperations(MixedRun run, OwnedModel model, ContentFactory content, Points.PointsClient points)
{
    private readonly PointChecks _checks = new(run);

    /// <summary>Under a filter that only own points pass the whole answer is known: its number always, its content when exact.</summary>
    public async Task SearchFilteredAsync(CancellationToken cancellationToken)
    {
        Predicate predicate = content.NewOwnFilter(model.Worker);
        bool exact = content.Random.Next(4) == 0;
        float[] query = content.NewVector();
        SearchRequest request = Request(query);
        request.Filter = run.NewForm(predicate, content.Random.Next(2) == 0);
        if (exact)
            request.Exact = true;
        SearchResponse response = await run.Latencies.TimeAsync(
            exact ? "search filtered exact" : "search filtered",
            () => points.SearchAsync(request, cancellationToken: cancellationToken).ResponseAsync);

        List<ModelPoint> matching =
            [.. model.Points.Where(point => PredicateOracle.Matches(predicate, point.PointId, point.Attributes))];
        int wanted = Math.Min(run.Settings.K, matching.Count);
        run.Wrong.Expect(
            response.Hits.Count == wanted, $"filtered search returned {response.Hits.Count} of {wanted} results for {predicate}");
        foreach (Hit hit in response.Hits)
        {
            bool satisfies = PredicateOracle.Matches(predicate, hit.Id, new Dictionary<string, Value>(hit.Attributes));
            run.Wrong.Expect(satisfies, $"filtered search returned {hit.Id.Num}, which does not satisfy {predicate}");
        }
        List<double> answered = CheckHits("filtered search", query, response);
        double[] best = run.Oracle.TopScores(query, matching, run.Settings.K);
        if (exact)
            run.Wrong.Expect(run.Oracle.IsExact(best, answered), $"exact filtered search differs from the oracle for {predicate}");
        else
            run.FilteredRecall.Add(run.Oracle.CountRight(best, answered), wanted);
    }

    public async Task SearchAsync(CancellationToken cancellationToken)
    {
        float[] query = content.NewVector();
        SearchResponse response = await run.Latencies.TimeAsync(
            "search", () => points.SearchAsync(Request(query), cancellationToken: cancellationToken).ResponseAsync);
        if (model.Count >= run.Settings.K)
            run.Wrong.Expect(response.Hits.Count == run.Settings.K, $"search returned {response.Hits.Count} of {run.Settings.K} results");
        CheckHits("search", query, response);
    }

    private SearchRequest Request(float[] query) => new()
    {
        Collection = run.Collection,
        Vector = PackedVectors.FromSingles(query),
        K = (uint)run.Settings.K,
        WithAttributes = true,
    };

    /// <summary>Checks every hit that is ours to know, and returns the true scores of those.</summary>
    private List<double> CheckHits(string operation, float[] query, SearchResponse response)
    {
        HashSet<ulong> seen = [];
        List<double> scores = [];
        run.Wrong.Expect(run.Oracle.IsOrdered(response.Hits), $"{operation} returned results out of order");
        foreach (Hit hit in response.Hits)
        {
            run.Wrong.Expect(seen.Add(hit.Id.Num), $"{operation} returned {hit.Id.Num} twice");
            if (!model.Owns(hit.Id.Num))
                continue;
            if (model.Find(hit.Id.Num) is not { } point)
            {
                run.Wrong.Add($"{operation} returned {hit.Id.Num}, which does not exist");
                continue;
            }
            _checks.CheckAttributes(operation, point, hit.Attributes);
            double score = run.Oracle.Score(query, point);
            run.Wrong.Expect(
                run.Oracle.IsSameServerScore(score, hit.Score),
                $"{operation} scored {hit.Id.Num} with {hit.Score}; its exact score is {score}");
            scores.Add(score);
        }
        return scores;
    }
}
