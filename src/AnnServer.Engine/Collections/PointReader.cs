using AnnServer.Core.Filtering;
using AnnServer.Core.Search;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Collections;

/// <summary>Reads points by identifier and by filter.</summary>
internal sealed class PointReader(CollectionData data, CollectionContext context)
{
    private const int PointsPerCancellationCheck = 4096;

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
        var size = new AnswerSize(context.Limits.MaxAnswerBytes);
        foreach (PointId id in ids)
        {
            if (data.Ids.TryGet(id, out uint ordinal))
            {
                if (!TryRead(ordinal, withAttributes, withVector, ref size, out Point point))
                {
                    return size.ToError("ids");
                }

                points.Add(point);
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

        if (predicate is null)
        {
            return data.CountLive();
        }

        OrdinalBitmap matching = Matching(predicate, cancellation);
        long count = matching.Count();
        Return(matching);
        return count;
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
        if (data.IsDropped)
        {
            return Catalog.NotFound(data.Config.Name);
        }

        OrdinalBitmap candidates = predicate is null ? Live() : Matching(predicate, cancellation);
        EngineResult<ScrollPage> page = ReadPage(query, candidates, order, after, pageSize, shape, cancellation);
        Return(candidates);
        return page;
    }

    /// <summary>
    /// The point of an ordinal, as much of it as is asked for; false where the answer gets too large with it. Under a rented scratch.
    /// </summary>
    public bool TryRead(uint ordinal, bool withAttributes, bool withVector, ref AnswerSize size, out Point point)
    {
        PointId id = data.Ids.Id(ordinal);
        byte[]? blob = withAttributes ? data.Attributes.Get(ordinal) : null;
        if (!size.TryAdd(id, withVector ? data.Config.Dimension : 0, blob))
        {
            point = default;
            return false;
        }

        float[] vector = [];
        if (withVector)
        {
            vector = new float[data.Config.Dimension];
            data.Index.CopyVector(ordinal, vector);
        }

        point = new Point(
            id,
            vector,
            blob is null ? Point.NoAttributes : AttributeCodec.Decode(blob));
        return true;
    }

    /// <summary>The live points at one moment, to be given back with <see cref="Return"/>. Under a rented scratch.</summary>
    public OrdinalBitmap Live()
    {
        OrdinalBitmap live = data.Attributes.Bitmaps.Rent(0);
        data.CopyLive(live);
        return live;
    }

    /// <summary>The live points that satisfy the predicate, to be given back with <see cref="Return"/>. Under a rented scratch.</summary>
    public OrdinalBitmap Matching(Predicate predicate, CancellationToken cancellation)
    {
        if (!NamesIds(predicate))
        {
            return Evaluate(predicate, cancellation);
        }

        // Identifiers are looked up while the filter is evaluated: a point that is replaced meanwhile is found in its new slot,
        // which the set of live ones of before does not have. Such a filter is evaluated while nothing is replaced.
        long revision = data.Revision;
        OrdinalBitmap matching = Evaluate(predicate, cancellation);
        if (data.IsUnchangedSince(revision))
        {
            return matching;
        }

        Return(matching);
        lock (data.CommitLock)
        {
            return Evaluate(predicate, cancellation);
        }
    }

    /// <summary>Those of some points that satisfy the predicate, which names no identifiers; as above.</summary>
    public OrdinalBitmap Matching(Predicate predicate, OrdinalBitmap candidates, CancellationToken cancellation)
    {
        OrdinalBitmap matching = data.Attributes.Bitmaps.Rent(candidates.Length);
        data.Attributes.Evaluate(predicate, matching, data, candidates, cancellation);
        matching.And(candidates);
        return matching;
    }

    private static bool NamesIds(Predicate predicate) => predicate switch
    {
        Predicate.Ids => true,
        Predicate.Not not => NamesIds(not.Operand),
        Predicate.And and => and.Operands.Any(NamesIds),
        Predicate.Or or => or.Operands.Any(NamesIds),
        _ => false,
    };

    private OrdinalBitmap Evaluate(Predicate predicate, CancellationToken cancellation)
    {
        OrdinalBitmap live = Live();
        OrdinalBitmap matching = Matching(predicate, live, cancellation);
        Return(live);
        return matching;
    }

    /// <summary>Gives a bitmap back. One that an exception keeps from it is left to the garbage collector.</summary>
    public void Return(OrdinalBitmap bitmap) => data.Attributes.Bitmaps.Return(bitmap);

    // The page is the smallest keys after the last one given, found in one pass with a heap of a page: a point that is there
    // throughout a scroll is on exactly one of its pages, whatever is written meanwhile.
    private EngineResult<ScrollPage> ReadPage(
        ScrollQuery query, OrdinalBitmap candidates, ScrollOrder order, ScrollKey? after, int pageSize, ulong shape, CancellationToken cancellation)
    {
        // Greatest key on top, so that it is the one to go when a smaller comes; one more than a page tells whether there is a next.
        var page = new PriorityQueue<uint, ScrollKey>(order.Reversed);
        int untilCheck = 0;
        foreach (uint ordinal in candidates)
        {
            if (untilCheck-- == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                untilCheck = PointsPerCancellationCheck;
            }

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
        var size = new AnswerSize(context.Limits.MaxAnswerBytes);
        for (int i = points.Length - 1; i >= 0; i--)
        {
            page.TryDequeue(out uint ordinal, out ScrollKey? key);
            last ??= key;
            if (!TryRead(ordinal, query.WithAttributes, query.WithVector, ref size, out points[i]))
            {
                return size.ToError("page_size");
            }
        }

        return new ScrollPage(points, hasNext ? PageToken.Format(last!, shape) : "");
    }
}
