namespace AnnServer.Engine.Collections.Scrolling;

/// <param name="Ordinals">Of the points of the page, in order.</param>
/// <param name="Last">Where the last of them stands; null where no page follows.</param>
internal sealed record PageDraft(IReadOnlyList<uint> Ordinals, ScrollKey? Last)
{
    /// <summary>The page out of what was found, with one point more where another page follows.</summary>
    public static PageDraft Of(List<uint> found, ScrollTask task, CollectionData data)
    {
        if (found.Count < task.Wanted)
        {
            return new PageDraft(found, null);
        }

        found.RemoveRange(task.PageSize, found.Count - task.PageSize);
        uint last = found[^1];
        return new PageDraft(found, task.Order.KeyOf(data.Ids.Id(last), data.Attributes.Get(last)));
    }
}
