using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes.Walks;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections.Scrolling;

/// <summary>
/// Finds those points of a set that come first by their identifiers: by looking at each, or along the order of all identifiers, which is
/// made when the looking has taken longer than the making would.
/// </summary>
internal sealed class IdSelection(CollectionData data)
{
    private const int PointsPerCancellationCheck = 65_536;

    // Up to so many are looked at in microseconds.
    private const int LeastPoints = 1000;

    // Costs in nanoseconds, about: of looking at an identifier, of a step along the order, and of sorting one identifier.
    private const long LookCost = 12;
    private const long StepCost = 3;
    private const long SortCost = 200;

    // Cost of what was looked at, where the order would have been cheaper, since it was last made.
    private long _looked;
    private int _isMaking;

    /// <summary>Adds the first so many of the set to the page.</summary>
    public void Take(OrdinalBitmap scope, ScrollTask task, PointId? after, bool descending, int count, List<uint> page)
    {
        int points = scope.Count();
        bool isOrderCheaper = IsOrderCheaper(points, count);
        if (isOrderCheaper && task.Ids is { } order && order.TryTake(scope, data.Ids, after, descending, count, page))
        {
            return;
        }

        var least = new LeastIds(count, after, descending);
        int untilCheck = 0;
        foreach (uint ordinal in scope)
        {
            if (untilCheck-- == 0)
            {
                task.Cancellation.ThrowIfCancellationRequested();
                untilCheck = PointsPerCancellationCheck;
            }

            least.Add(ordinal, data.Ids.Id(ordinal));
        }

        AddTo(page, least);
        Looked(isOrderCheaper ? points : 0);
    }

    /// <summary>As above for the points of one value, in the order of the identifiers.</summary>
    public void Take(ValueGroup group, ScrollTask task, PointId? after, int count, List<uint> page)
    {
        if (group.Many is { } many)
        {
            Take(many, task, after, descending: false, count, page);
            return;
        }

        if (group.Listed.Count == 1 && after is null)
        {
            page.Add(group.Listed[0]);
            return;
        }

        var least = new LeastIds(count, after, descending: false);
        foreach (uint ordinal in group.Listed)
        {
            least.Add(ordinal, data.Ids.Id(ordinal));
        }

        AddTo(page, least);
    }

    /// <summary>Makes the order if that is due. Within the epoch of a reader that has nothing locked.</summary>
    public void MakeOrderIfDue()
    {
        int live = data.Index.LiveCount;
        if (live <= LeastPoints
            || Volatile.Read(ref _looked) < live * SortCost
            || data.Ids.Order is not null
            || Interlocked.Exchange(ref _isMaking, 1) != 0)
        {
            return;
        }

        try
        {
            OrdinalBitmap points = data.Attributes.Bitmaps.Rent(0);
            IdOrder order;
            lock (data.CommitLock)
            {
                // From here on it is told of every new name.
                data.Index.CopyLive(points);
                order = new IdOrder(live);
                data.Ids.Order = order;
            }

            order.Make(points, data.Ids);
            data.Attributes.Bitmaps.Return(points);
            Volatile.Write(ref _looked, 0);
        }
        finally
        {
            Volatile.Write(ref _isMaking, 0);
        }
    }

    // Along the order so many of all points are met until enough of the set are.
    private bool IsOrderCheaper(long points, long count)
    {
        long live = data.Index.LiveCount;
        return points > LeastPoints && points * LookCost > Math.Min(live, count * live / points) * StepCost;
    }

    private void Looked(long points) => Interlocked.Add(ref _looked, points * LookCost);

    private static void AddTo(List<uint> page, LeastIds least)
    {
        foreach ((uint ordinal, _) in least.Drain())
        {
            page.Add(ordinal);
        }
    }
}
