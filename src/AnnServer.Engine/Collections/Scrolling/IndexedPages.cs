using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Attributes.Walks;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections.Scrolling;

/// <summary>Finds a page along the index of an attribute: values in order, those of one value and those without any by identifier.</summary>
internal sealed class IndexedPages(CollectionData data, IdSelection ids)
{
    // A page that an attribute update has spoilt is found again, this often.
    private const int MaxAttempts = 3;

    // Entries of an index that are passed while one point is read to be put in order.
    private const long EntriesPerPoint = 64;

    // Entries that are passed in any case.
    private const long LeastEntries = 1000;

    /// <summary>Null where there is no index to go along, where reading all candidates is cheaper, or where they keep changing.</summary>
    public PageDraft? TryFind(ScrollTask task, string attribute, bool descending)
    {
        long candidates = task.Candidates.Count();
        long mostEntries = LeastEntries + (candidates * EntriesPerPoint);
        if (task.Wanted * (long)data.Index.LiveCount > mostEntries * Math.Max(candidates, 1))
        {
            // Wherever the candidates stand in the order, so many of them are among more entries than that.
            return null;
        }

        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            long version = data.Attributes.Version;
            if (Begin(task, attribute, descending) is not { } walk || !TryWalk(walk, task, mostEntries, out List<uint> page))
            {
                return null;
            }

            // The key of the last point is read before it is made sure that no value has changed.
            PageDraft draft = PageDraft.Of(page, task, data);
            if (data.Attributes.IsUnchangedSince(version, task.Candidates))
            {
                return draft;
            }
        }

        return null;
    }

    private ValueWalk? Begin(ScrollTask task, string attribute, bool descending)
    {
        using AttributeTable.Reading reading = data.Attributes.Read();
        return reading.Find(attribute)?.Walk(task.After?.Value ?? default, descending);
    }

    private bool TryWalk(ValueWalk walk, ScrollTask task, long mostEntries, out List<uint> page)
    {
        page = [];
        using ValueGroup group = new(task.Candidates, data.Attributes.Bitmaps);
        bool isAmongAbsent = task.After is { Value.Kind: AttributeKind.None };
        WalkStep step = isAmongAbsent ? WalkStep.End : WalkStep.Part;
        while (step != WalkStep.End && page.Count < task.Wanted)
        {
            task.Cancellation.ThrowIfCancellationRequested();
            using (data.Attributes.Read())
            {
                step = walk.Step(group);
            }

            if (walk.Entries > mostEntries)
            {
                return false;
            }

            if (step != WalkStep.Part && !group.IsEmpty)
            {
                ids.Take(group, task, walk.IsAtStart ? task.After?.Id : null, task.Wanted - page.Count, page);
                group.Clear();
            }
        }

        if (page.Count < task.Wanted)
        {
            TakeAbsent(walk, task, isAmongAbsent ? task.After!.Id : null, page);
        }

        return true;
    }

    private void TakeAbsent(ValueWalk walk, ScrollTask task, PointId? after, List<uint> page)
    {
        OrdinalBitmap absent = data.Attributes.Bitmaps.Rent(task.Candidates.Length);
        using (data.Attributes.Read())
        {
            walk.AddPresent(absent);
        }

        absent.Not();
        absent.And(task.Candidates);
        ids.Take(absent, task, after, descending: false, task.Wanted - page.Count, page);
        data.Attributes.Bitmaps.Return(absent);
    }
}
