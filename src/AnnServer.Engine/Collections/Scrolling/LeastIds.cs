using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections.Scrolling;

/// <summary>Keeps, of the ordinals it is told of, those whose identifiers come first.</summary>
internal sealed class LeastIds(int count, PointId? after, bool descending)
{
    // The one on top is the first to go.
    private readonly PriorityQueue<uint, PointId> _kept = new(descending ? Ascending : Descending);
    private PointId _worst;

    private static readonly Comparer<PointId> Ascending = Comparer<PointId>.Default;
    private static readonly Comparer<PointId> Descending = Comparer<PointId>.Create(static (x, y) => y.CompareTo(x));

    public void Add(uint ordinal, PointId id)
    {
        if ((after is { } last && Compare(id, last) <= 0) || (_kept.Count == count && Compare(id, _worst) >= 0))
        {
            return;
        }

        if (_kept.Count < count)
        {
            _kept.Enqueue(ordinal, id);
        }
        else
        {
            _kept.EnqueueDequeue(ordinal, id);
        }

        _kept.TryPeek(out _, out _worst);
    }

    /// <summary>What was kept, in order, which leaves it.</summary>
    public (uint Ordinal, PointId Id)[] Drain()
    {
        var kept = new (uint, PointId)[_kept.Count];
        for (int i = kept.Length - 1; i >= 0; i--)
        {
            _kept.TryDequeue(out uint ordinal, out PointId id);
            kept[i] = (ordinal, id);
        }

        return kept;
    }

    private int Compare(PointId x, PointId y) => descending ? y.CompareTo(x) : x.CompareTo(y);
}
