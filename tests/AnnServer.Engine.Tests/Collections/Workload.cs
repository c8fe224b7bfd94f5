using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>
/// Random changes to one collection. A change is drawn from the seed and the model alone, made to the model at once, and can
/// then be made to any number of databases, each of which must answer as the model says.
/// </summary>
/// <param name="ids">Points there can be at most.</param>
internal sealed class Workload(Random random, ModelCollection model, int batch, int ids = RandomPoints.Ids)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Points written, deleted or updated.</summary>
    public int Operations { get; private set; }

    /// <summary>Slots whose point was replaced or deleted.</summary>
    public int Hidden { get; private set; }

    public Func<Collection, Task> Next() => random.Next(20) switch
    {
        < 12 => Upsert(1 + random.Next(batch)),
        < 14 => DeleteIds(1 + random.Next(batch / 2 + 1)),
        14 => DeleteMatching(),
        < 18 => UpdateAttributes(1 + random.Next(batch)),
        _ => UpsertDuplicate(),
    };

    public Func<Collection, Task> Upsert(int count) => Upsert([.. Enumerable.Range(0, count).Select(_ => RandomPoint(RandomId()))]);

    public Func<Collection, Task> Upsert(Point[] points)
    {
        Operations += points.Length;
        foreach (Point point in points)
        {
            Hidden += model.Points.ContainsKey(point.Id) ? 1 : 0;
            model.Points[point.Id] = new ModelPoint(model.Kept(point.Vector), new Dictionary<string, AttributeValue>(point.Attributes));
        }

        return async collection =>
        {
            EngineResult<WriteReceipt> result = await collection.UpsertAsync(points, new Faults(), Cancellation);
            Assert.Null(result.Error);
            Assert.Equal(points.Length, result.Value.Affected);
        };
    }

    public Func<Collection, Task> DeleteIds(int count)
    {
        PointId[] ids = [.. Enumerable.Range(0, count).Select(_ => RandomId())];
        return Delete(ids);
    }

    public Func<Collection, Task> Delete(PointId[] ids)
    {
        Operations += ids.Length;
        int expected = ids.Count(model.Points.Remove);
        Hidden += expected;
        return async collection =>
        {
            EngineResult<WriteReceipt> result = await collection.DeleteAsync(ids, new Faults(), Cancellation);
            Assert.Null(result.Error);
            Assert.Equal(expected, result.Value.Affected);
        };
    }

    public Func<Collection, Task> UpdateAttributes(int count)
    {
        Operations += count;
        var updates = new AttributeUpdate[count];
        var missing = new List<PointId>();
        for (int i = 0; i < count; i++)
        {
            PointId id = RandomId();
            Dictionary<string, AttributeValue> set = RandomPoints.Attributes(random);
            string[] remove = [.. new[] { "color", "n", "tags", "place", "title", "absent" }.Where(name => !set.ContainsKey(name) && random.Next(2) == 0)];
            bool replace = random.Next(3) == 0;
            if (set.Count + remove.Length == 0 && !replace)
            {
                // An update that asks for nothing is refused.
                remove = ["absent"];
            }

            updates[i] = new AttributeUpdate(id, set, remove, replace);
            if (!model.Points.TryGetValue(id, out ModelPoint? point))
            {
                missing.Add(id);
                continue;
            }

            Dictionary<string, AttributeValue> merged = replace ? [] : new(point.Attributes);
            foreach ((string name, AttributeValue value) in set)
            {
                merged[name] = value;
            }

            foreach (string name in remove)
            {
                merged.Remove(name);
            }

            model.Points[id] = point with { Attributes = merged };
        }

        return async collection =>
        {
            EngineResult<AttributeUpdateReceipt> result = await collection.UpdateAttributesAsync(updates, new Faults(), Cancellation);
            Assert.Null(result.Error);
            Assert.Equal(count - missing.Count, result.Value.Write.Affected);
            Assert.Equal(missing, result.Value.NotFound);
        };
    }

    /// <summary>Points one of which cannot be written: the request is refused, and none of them is.</summary>
    public Func<Collection, Task> UpsertRefused(int count)
    {
        Point[] points = [.. Enumerable.Range(0, count).Select(_ => RandomPoint(RandomId()))];
        int at = random.Next(count);
        points[at] = Spoil(points[at]);
        return async collection =>
        {
            EngineResult<WriteReceipt> result = await collection.UpsertAsync(points, new Faults(), Cancellation);
            Assert.Equal(EngineStatus.InvalidArgument, result.Error?.Status);
        };
    }

    public Point RandomPoint(PointId id) => new(id, RandomVector(), RandomPoints.Attributes(random));

    /// <summary>A request that names a point twice: what comes last holds.</summary>
    public Func<Collection, Task> UpsertDuplicate()
    {
        PointId id = RandomId();
        return Upsert([RandomPoint(id), RandomPoint(RandomId()), RandomPoint(id)]);
    }

    /// <summary>Of the filters drawn the first that matches some points but few, so that the collection does not stay empty.</summary>
    public Func<Collection, Task> DeleteMatching()
    {
        ModelFilter filter = ModelFilter.Random(random);
        for (int i = 0; i < 50 && model.Matching(filter).Count > model.Points.Count / 16; i++)
        {
            filter = ModelFilter.Random(random);
        }

        List<PointId> matching = model.Matching(filter);
        Operations++;
        Hidden += matching.Count;
        matching.ForEach(id => model.Points.Remove(id));
        return async collection =>
        {
            EngineResult<WriteReceipt> result = await collection.DeleteAsync(filter.Spec, new Faults(), Cancellation);
            Assert.Null(result.Error);
            Assert.Equal(matching.Count, result.Value.Affected);
        };
    }

    private Point Spoil(Point point)
    {
        float[] vector = [.. point.Vector.Span];
        var attributes = new Dictionary<string, AttributeValue>(point.Attributes);
        switch (random.Next(5))
        {
            case 0 when model.Config.Metric == Metric.Cosine:
                Array.Clear(vector);
                break;
            case 1 when model.Config.Attributes.Count > 0:
                // No attribute is declared as a list of numbers.
                attributes[model.Config.Attributes[0].Name] = AttributeValue.Of([1L, 2L]);
                break;
            case 2:
                attributes["no name"] = AttributeValue.Of(true);
                break;
            case 3:
                vector = vector[1..];
                break;
            default:
                vector[random.Next(vector.Length)] = random.Next(2) == 0 ? float.NaN : float.PositiveInfinity;
                break;
        }

        return point with { Vector = vector, Attributes = attributes };
    }

    private PointId RandomId() => RandomPoints.Id(random.Next(ids));

    // A vector that is there already, or its opposite, now and then: equal and nearly equal scores.
    private float[] RandomVector()
    {
        if (model.Points.Count > 0 && random.Next(25) == 0)
        {
            return model.Points.Values.ElementAt(random.Next(model.Points.Count)).Vector;
        }

        return RandomPoints.Vector(random, model.Config.Dimension);
    }
}
