using AnnServer.LoadGen.Filters;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Mixed;

/// <summary>Writes of one worker: each is checked by its acknowledgement and then goes into the model.</summary>
internal sealed class WriteOperations(MixedRun run, OwnedModel model, ContentFactory content, Points.PointsClient points)
{
    public Task InsertAsync(int count, CancellationToken cancellationToken)
    {
        List<ModelPoint> batch = [];
        for (int i = 0; i < count; i++)
            batch.Add(content.NewPoint(model.NewId(), model.Worker));
        return UpsertAsync("insert", batch, cancellationToken);
    }

    /// <summary>Replaces live points, and brings deleted identifiers back.</summary>
    public Task ReplaceAsync(int count, CancellationToken cancellationToken)
    {
        HashSet<ulong> ids = [model.RandomDeletedId(content.Random)];
        for (int i = 1; i < count; i++)
            ids.Add(model.RandomLiveId(content.Random));
        return UpsertAsync("replace", [.. ids.Select(id => content.NewPoint(id, model.Worker))], cancellationToken);
    }

    public async Task DeleteByIdAsync(int count, CancellationToken cancellationToken)
    {
        HashSet<ulong> ids = [model.RandomDeletedId(content.Random)];
        for (int i = 1; i < count; i++)
            ids.Add(model.RandomLiveId(content.Random));
        int live = ids.Count(id => model.Find(id) is not null);
        DeleteRequest request = new() { Collection = run.Collection, Ids = new PointIdList() };
        request.Ids.Ids.Add(ids.Select(id => new PointId { Num = id }));
        DeleteResponse response = await run.Latencies.TimeAsync(
            "delete", () => points.DeleteAsync(request, cancellationToken: cancellationToken).ResponseAsync);
        run.Wrong.Expect(response.Deleted == (ulong)live, $"delete of {live} live points answered {response.Deleted}");
        foreach (ulong id in ids)
            model.Remove(id);
    }

    public async Task DeleteByFilterAsync(CancellationToken cancellationToken)
    {
        double from = content.Random.NextDouble();
        Interval interval = new()
        {
            Attribute = "weight",
            Gte = new Value { DoubleValue = from },
            Lt = new Value { DoubleValue = from + 0.005 },
        };
        Predicate predicate = new()
        {
            And = new PredicateList { Predicates = { ContentFactory.OwnedBy(model.Worker), new Predicate { Range = interval } } },
        };
        List<ulong> doomed =
            [.. model.Points.Where(point => PredicateOracle.Matches(predicate, point.PointId, point.Attributes)).Select(point => point.Id)];
        DeleteRequest request = new() { Collection = run.Collection, Filter = run.NewForm(predicate, asExpression: false) };
        DeleteResponse response = await run.Latencies.TimeAsync(
            "delete by filter", () => points.DeleteAsync(request, cancellationToken: cancellationToken).ResponseAsync);
        run.Wrong.Expect(response.Deleted == (ulong)doomed.Count, $"delete by filter of {doomed.Count} points answered {response.Deleted}");
        foreach (ulong id in doomed)
            model.Remove(id);
    }

    public async Task UpdateAttributesAsync(int count, CancellationToken cancellationToken)
    {
        UpdateAttributesRequest request = new() { Collection = run.Collection };
        List<ModelPoint> changed = [];
        HashSet<ulong> ids = [];
        for (int i = 0; i < count; i++)
        {
            ulong id = model.RandomLiveId(content.Random);
            if (ids.Add(id) && model.Find(id) is { } point)
                changed.Add(Change(point, request));
        }
        ulong absent = model.RandomDeletedId(content.Random);
        bool expectAbsent = model.Find(absent) is null;
        if (expectAbsent)
            request.Updates.Add(new AttributeUpdate { Id = new PointId { Num = absent }, Set = { ["color"] = content.NewColor() } });
        UpdateAttributesResponse response = await run.Latencies.TimeAsync(
            "update attributes", () => points.UpdateAttributesAsync(request, cancellationToken: cancellationToken).ResponseAsync);
        run.Wrong.Expect(
            response.Updated == (ulong)changed.Count, $"update of the attributes of {changed.Count} points answered {response.Updated}");
        run.Wrong.Expect(
            response.NotFound.Count == (expectAbsent ? 1 : 0),
            $"update of a deleted point {absent} answered {response.NotFound.Count} not found");
        foreach (ModelPoint point in changed)
            model.Put(point);
    }

    private ModelPoint Change(ModelPoint point, UpdateAttributesRequest request)
    {
        AttributeUpdate update = new() { Id = point.PointId };
        Dictionary<string, Value> attributes = new(point.Attributes, StringComparer.Ordinal);
        if (content.Random.Next(4) == 0)
        {
            update.Replace = true;
            attributes = content.NewAttributes(model.Worker);
            foreach ((string name, Value value) in attributes)
                update.Set.Add(name, value);
        }
        else
        {
            update.Set["color"] = attributes["color"] = content.NewColor();
            update.Set["weight"] = attributes["weight"] = content.NewWeight();
            update.Remove.Add("tags");
            attributes.Remove("tags");
        }
        request.Updates.Add(update);
        return point with { Attributes = attributes };
    }

    private async Task UpsertAsync(string operation, List<ModelPoint> batch, CancellationToken cancellationToken)
    {
        UpsertRequest request = new() { Collection = run.Collection };
        request.Points.Add(batch.Select(point => point.ToPoint()));
        UpsertResponse response = await run.Latencies.TimeAsync(
            operation, () => points.UpsertAsync(request, cancellationToken: cancellationToken).ResponseAsync);
        run.Wrong.Expect(response.Upserted == (ulong)batch.Count, $"{operation} of {batch.Count} points answered {response.Upserted}");
        foreach (ModelPoint point in batch)
            model.Put(point);
    }
}
