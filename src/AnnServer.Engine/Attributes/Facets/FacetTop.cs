using AnnServer.Engine.Model;

namespace AnnServer.Engine.Attributes.Facets;

/// <summary>Keeps, of the values it is told of, those of most points; of values of as many points the first in their own order.</summary>
internal sealed class FacetTop<T>
{
    private readonly int _limit;

    // The one on top is the first to go.
    private readonly PriorityQueue<(T Value, long Count), (long Count, T Value)> _kept;

    public FacetTop(int limit, IComparer<T> order)
    {
        _limit = limit;
        _kept = new(Comparer<(long Count, T Value)>.Create((x, y) => x.Count != y.Count ? x.Count.CompareTo(y.Count) : order.Compare(y.Value, x.Value)));
    }

    /// <summary>Values of one point at least.</summary>
    public long Distinct { get; private set; }

    /// <summary>Each value once.</summary>
    public void Add(T value, long count)
    {
        if (count == 0)
        {
            return;
        }

        Distinct++;
        if (_kept.Count < _limit)
        {
            _kept.Enqueue((value, count), (count, value));
        }
        else if (_kept.Peek().Count <= count)
        {
            _kept.EnqueueDequeue((value, count), (count, value));
        }
    }

    /// <summary>The values, best first, which leave it.</summary>
    public FacetValue[] Drain(Func<T, AttributeValue> toValue)
    {
        FacetValue[] values = new FacetValue[_kept.Count];
        for (int i = values.Length - 1; i >= 0; i--)
        {
            (T value, long count) = _kept.Dequeue();
            values[i] = new FacetValue(toValue(value), count);
        }

        return values;
    }
}
