namespace AnnServer.Engine.Collections.Scrolling;

/// <summary>Finds a page by reading every candidate, once, with a heap of a page: for attributes that are not indexed.</summary>
internal static class ScannedPages
{
    private const int PointsPerCancellationCheck = 4096;

    public static PageDraft Find(ScrollTask task, CollectionData data)
    {
        // Greatest key on top, so that it is the one to go when a smaller comes.
        var page = new PriorityQueue<uint, ScrollKey>(task.Order.Reversed);
        int untilCheck = 0;
        foreach (uint ordinal in task.Candidates)
        {
            if (untilCheck-- == 0)
            {
                task.Cancellation.ThrowIfCancellationRequested();
                untilCheck = PointsPerCancellationCheck;
            }

            ScrollKey key = task.Order.KeyOf(data.Ids.Id(ordinal), data.Attributes.Get(ordinal));
            if (task.After is not null && task.Order.Compare(key, task.After) <= 0)
            {
                continue;
            }

            if (page.Count < task.Wanted)
            {
                page.Enqueue(ordinal, key);
            }
            else
            {
                page.EnqueueDequeue(ordinal, key);
            }
        }

        bool hasNext = page.Count == task.Wanted;
        if (hasNext)
        {
            page.Dequeue();
        }

        uint[] ordinals = new uint[page.Count];
        ScrollKey? last = null;
        for (int i = ordinals.Length - 1; i >= 0; i--)
        {
            page.TryDequeue(out ordinals[i], out ScrollKey? key);
            last ??= key;
        }

        return new PageDraft(ordinals, hasNext ? last : null);
    }
}
