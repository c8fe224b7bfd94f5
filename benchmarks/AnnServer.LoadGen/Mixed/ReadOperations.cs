using AnnServer.LoadGen.Filters;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Mixed;

/// <summary>Reads of one worker other than searches: its own points must be there, whole, and its deleted ones must not.</summary>
internal sealed class ReadOperations(MixedRun run, OwnedModel model, ContentFactory content, Points.PointsClient points)
{
    private readonly PointChecks _checks = new(run);

    public async Task GetAsync(int count, CancellationToken cancellationToken)
    {
        List<ulong> ids = [model.RandomDeletedId(content.Random)];
        for (int i = 1; i < count; i++)
            ids.Add(model.RandomLiveId(content.Random));
        ids = [.. ids.Distinct()];
        GetRequest request = new() { Collection = run.Collection, WithAttributes = true, WithVector = true };
        request.Ids.Add(ids.Select(id => new PointId { Num = id }));
        GetResponse response = await run.Latencies.TimeAsync(
            "get", () => points.GetAsync(request, cancellationToken: cancellationToken).ResponseAsync);

        List<ModelPoint> expected = [.. ids.Select(model.Find).OfType<ModelPoint>()];
        if (!expected.Select(point => point.Id).SequenceEqual(response.Points.Select(point => point.Id.Num)))
        {
            run.Wrong.Add($"get returned {response.Points.Count} points where {expected.Count} exist, or in another order");
            return;
        }
        for (int i = 0; i < expected.Count; i++)
            _checks.CheckPoint("get", expected[i], response.Points[i], withVector: true);
    }

    public async Task CountAsync(CancellationToken cancellationToken)
    {
        Predicate predicate = content.NewOwnFilter(model.Worker);
        CountRequest request = new() { Collection = run.Collection, Filter = run.NewForm(predicate, content.Random.Next(2) == 0) };
        CountResponse response = await run.Latencies.TimeAsync(
            "count", () => points.CountAsync(request, cancellationToken: cancellationToken).ResponseAsync);
        int expected = model.Points.Count(point => PredicateOracle.Matches(predicate, point.PointId, point.Attributes));
        run.Wrong.Expect(response.Count == (ulong)expected, $"count answered {response.Count}, not {expected}, for {predicate}");
    }

    /// <summary>Pages through all own points, half of the time in the order of an attribute.</summary>
    public async Task ScrollAsync(CancellationToken cancellationToken)
    {
        ScrollRequest request = new()
        {
            Collection = run.Collection,
            Filter = run.NewForm(ContentFactory.OwnedBy(model.Worker), content.Random.Next(2) == 0),
            PageSize = (uint)content.Random.Next(50, 1000),
            WithAttributes = true,
        };
        bool ordered = content.Random.Next(2) == 0;
        if (ordered)
            request.Order = new Order { Attribute = "weight", Descending = content.Random.Next(2) == 0 };
        List<Point> all = [];
        do
        {
            ScrollResponse page = await run.Latencies.TimeAsync(
                "scroll page", () => points.ScrollAsync(request, cancellationToken: cancellationToken).ResponseAsync);
            run.Wrong.Expect(
                page.Points.Count <= request.PageSize, $"scroll returned {page.Points.Count} points for a page of {request.PageSize}");
            all.AddRange(page.Points);
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0 && all.Count <= model.Count);
        CheckScrolled(all);
        if (ordered)
            CheckOrder(all, request.Order.Descending);
    }

    private void CheckScrolled(List<Point> all)
    {
        HashSet<ulong> seen = [];
        foreach (Point point in all)
        {
            if (!seen.Add(point.Id.Num))
                run.Wrong.Add($"scroll returned {point.Id.Num} twice");
            else if (model.Find(point.Id.Num) is { } expected)
                _checks.CheckPoint("scroll", expected, point, withVector: false);
            else
                run.Wrong.Add($"scroll returned {point.Id.Num}, which does not exist");
        }
        run.Wrong.Expect(seen.Count == model.Count, $"scroll returned {seen.Count} of {model.Count} points");
    }

    private void CheckOrder(List<Point> all, bool descending)
    {
        for (int i = 1; i < all.Count; i++)
        {
            double before = all[i - 1].Attributes["weight"].DoubleValue, after = all[i].Attributes["weight"].DoubleValue;
            if (descending ? before < after : before > after)
            {
                run.Wrong.Add($"scroll by weight returned {after} after {before}");
                return;
            }
        }
    }
}
