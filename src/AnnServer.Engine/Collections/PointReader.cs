using AnnServer.Core.Filtering;
using AnnServer.Core.Search;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Collections;

/// <summary>Reads points by identifier and by filter.</summary>
internal sealed class PointReader(CollectionData data, CollectionContext context)
{
    /// <summary>Filters that come again.</summary>
    public FilterCache Filters => context.Filters;

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
}
