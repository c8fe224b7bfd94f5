using AnnServer.Core.Filtering;
using AnnServer.Core.Search;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Collections.Scrolling;

/// <summary>
/// Reads points page by page, in order. The page is the smallest keys after the last one given: a point that is there throughout a
/// scroll is on exactly one of its pages, whatever is written meanwhile.
/// </summary>
internal sealed class ScrollReader(CollectionData data, CollectionContext context, PointReader reader)
{
    private readonly IdSelection _ids = new(data);

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

        IdOrder? ids = data.Ids.Order is { IsMade: true } made ? made : null;
        OrdinalBitmap candidates = predicate is null ? reader.Live() : reader.Matching(predicate, cancellation);
        var task = new ScrollTask(order, candidates, after, pageSize, ids, cancellation);
        PageDraft draft = query.OrderBy is null ? ByIds(task, query.Descending) : ByAttribute(task, query);
        reader.Return(candidates);
        EngineResult<ScrollPage> page = Read(query, draft, shape);
        _ids.MakeOrderIfDue();
        return page;
    }

    private PageDraft ByIds(ScrollTask task, bool descending)
    {
        List<uint> page = [];
        _ids.Take(task.Candidates, task, task.After?.Id, descending, task.Wanted, page);
        return PageDraft.Of(page, task, data);
    }

    private PageDraft ByAttribute(ScrollTask task, ScrollQuery query) =>
        new IndexedPages(data, _ids).TryFind(task, query.OrderBy!, query.Descending) ?? ScannedPages.Find(task, data);

    private EngineResult<ScrollPage> Read(ScrollQuery query, PageDraft draft, ulong shape)
    {
        var points = new Point[draft.Ordinals.Count];
        var size = new AnswerSize(context.Limits.MaxAnswerBytes);
        for (int i = 0; i < points.Length; i++)
        {
            if (!reader.TryRead(draft.Ordinals[i], query.WithAttributes, query.WithVector, ref size, out points[i]))
            {
                return size.ToError("page_size");
            }
        }

        return new ScrollPage(points, draft.Last is null ? "" : PageToken.Format(draft.Last, shape));
    }
}
