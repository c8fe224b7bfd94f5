using AnnServer.Core.Filtering;
using AnnServer.Core.Search;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Collections;

/// <summary>Reads points by identifier and by filter.</summary>
internal sealed class PointReader(CollectionData data, CollectionContext context)
{
    public EngineResult<IReadOnlyList<Point>> Get(
        IReadOnlyList<PointId> ids, bool withAttributes, bool withVector, ulong readAfter, Faults faults)
    {
        PointRules.CheckBatch(ids.Count, "ids", context.Limits.MaxBatchPoints, faults);
        for (int i = 0; i < ids.Count; i++)
        {
            ids[i].Validate($"ids[{i}]", faults);
        }

        if (faults.Any)
        {
            return faults.ToError();
        }

        if (context.CheckFence(readAfter) is { } behind)
        {
            return behind;
        }

        using ScratchPool.Scope scope = context.Scratches.Rent();
        if (data.IsDropped)
        {
            return Catalog.NotFound(data.Config.Name);
        }

        var points = new List<Point>(ids.Count);
        foreach (PointId id in ids)
        {
            if (data.Ids.TryGet(id, out uint ordinal))
            {
                points.Add(Read(ordinal, withAttributes, withVector));
            }
        }

        return points;
    }

    public EngineResult<long> Count(FilterSpec filter, ulong readAfter, Faults faults, CancellationToken cancellation)
    {
        FilterCompiler.TryCompile(filter, data.Config.Attributes, context.Limits, faults, out Predicate? predicate);
        if (faults.Any)
        {
            return faults.ToError();
        }

        if (context.CheckFence(readAfter) is { } behind)
        {
            return behind;
        }

        using ScratchPool.Scope scope = context.Scratches.Rent();
        if (data.IsDropped)
        {
            return Catalog.NotFound(data.Config.Name);
        }

        return predicate is null ? data.CountLive() : Matching(predicate, cancellation).Count();
    }

    public EngineResult<ScrollPage> Scroll(ScrollQuery query, Faults faults, CancellationToken cancellation)
    {
        int pageSize = query.PageSize ?? context.Limits.DefaultPageSize;
        if (pageSize < 1 || pageSize > context.Limits.MaxPageSize)
        {
            faults.Add("page_size", $"is {pageSize}; 1 to {context.Limits.MaxPageSize} are allowed");
        }

        ScrollOrder.Check(query.OrderBy, data.Config.Attributes, faults);
        FilterCompiler.TryCompile(query.Filter, data.Config.Attributes, context.Limits, faults, out Predicate? predicate);
        var order = new ScrollOrder(query.OrderBy, query.Descending);
        ulong shape = PageToken.Shape(data.Number, predicate, query);
        ScrollKey? after = null;
        if (query.PageToken.Length > 0 && !PageToken.TryParse(query.PageToken, shape, out after))
        {
            faults.Add("page_token", "is not a token of this scroll; take it from the page before and leave the other fields as they were");
        }

        if (faults.Any)
        {
            return faults.ToError();
        }

        if (context.CheckFence(query.ReadAfter) is { } behind)
        {
            return behind;
        }

        using ScratchPool.Scope scope = context.Scratches.Rent();
        return data.IsDropped
            ? Catalog.NotFound(data.Config.Name)
            : ReadPage(query, predicate is null ? Live() : Matching(predicate, cancellation), order, after, pageSize, shape);
    }

    /// <summary>The point of an ordinal, as much of it as is asked for. Under a rented scratch.</summary>
    public Point Read(uint ordinal, bool withAttributes, bool withVector) => new(
        data.Ids.Id(ordinal),
        withVector ? data.Index.Vector(ordinal).ToArray() : ReadOnlyMemory<float>.Empty,
        withAttributes ? ReadAttributes(ordinal) : Point.NoAttributes);

    public IReadOnlyDictionary<string, AttributeValue> ReadAttributes(uint ordinal) =>
        data.Attributes.Get(ordinal) is { } blob ? AttributeCodec.Decode(blob) : Point.NoAttributes;

    /// <summary>The live points at one moment. Under a rented scratch.</summary>
    public OrdinalBitmap Live()
    {
        var live = new OrdinalBitmap();
        data.CopyLive(live);
        return live;
    }

    /// <summary>The live points that satisfy the predicate. Under a rented scratch.</summary>
    public OrdinalBitmap Matching(Predicate predicate, CancellationToken cancellation)
    {
        OrdinalBitmap live = Live();
        var matching = new OrdinalBitmap();
        matching.Reset(live.Length);
        data.Attributes.Evaluate(predicate, matching, data, live, cancellation);
        matching.And(live);
        return matching;
    }

    // The page is the smallest keys after the last one given, found in one pass with a heap of a page: a point that is there
    // throughout a scroll is on exactly one of its pages, whatever is written meanwhile.
    private ScrollPage ReadPage(
        ScrollQuery query, OrdinalBitmap candidates, ScrollOrder order, ScrollKey? after, int pageSize, ulong shape)
    {
        // Greatest key on top, so that it is the one to go when a smaller comes; one more than a page tells whether there is a next.
        var page = new PriorityQueue<uint, ScrollKey>(order.Reversed);
        foreach (uint ordinal in candidates)
        {
            ScrollKey key = order.KeyOf(data.Ids.Id(ordinal), data.Attributes.Get(ordinal));
            if (after is not null && order.Compare(key, after) <= 0)
            {
                continue;
            }

            if (page.Count <= pageSize)
            {
                page.Enqueue(ordinal, key);
            }
            else
            {
                page.EnqueueDequeue(ordinal, key);
            }
        }

        bool hasNext = page.Count > pageSize;
        if (hasNext)
        {
            page.Dequeue();
        }

        var points = new Point[page.Count];
        ScrollKey? last = null;
        for (int i = points.Length - 1; i >= 0; i--)
        {
            page.TryDequeue(out uint ordinal, out ScrollKey? key);
            last ??= key;
            points[i] = Read(ordinal, query.WithAttributes, query.WithVector);
        }

        return new ScrollPage(points, hasNext ? PageToken.Format(last!, shape) : "");
    }
}
