using System.Runtime.InteropServices;
using AnnServer.Core.Filtering;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Attributes.Facets;

/// <summary>Counts the numbers of an INT64 attribute, or the elements of an INT64_LIST.</summary>
internal sealed class Int64Facet(Int64Index index, SortedIndex<long> sorted, PostingSet exists, int limit) : FacetCounter(index)
{
    private const long EntryCost = 5;

    private readonly FacetTop<long> _top = new(limit, Comparer<long>.Default);
    private readonly Dictionary<long, PointTally> _tallies = [];
    private bool _isBegun;

    // The last entry passed, and points with its key so far.
    private long _key;
    private uint _ordinal;
    private long _count;

    public override long CostOfIndex(int length) => sorted.Count * EntryCost;

    public override long CostOfPoints(long points) => points * PointCost;

    public override bool CountSome(OrdinalBitmap points)
    {
        SortedIndex<long>.Position position = default;
        if (_isBegun)
        {
            position = sorted.Seek(_key, _ordinal + 1);
        }
        else
        {
            Points = exists.CountIn(points);
        }

        for (long cost = 0; cost < SliceCost; cost += EntryCost)
        {
            if (!sorted.MoveNext(ref position, out long key, out uint ordinal))
            {
                _top.Add(_key, _count);
                return false;
            }

            if (key != _key)
            {
                _top.Add(_key, _count);
                _count = 0;
            }

            _isBegun = true;
            _key = key;
            _ordinal = ordinal;
            _count += points.Contains(ordinal) ? 1 : 0;
        }

        return true;
    }

    public override Facet ToFacet()
    {
        foreach ((long value, PointTally tally) in _tallies)
        {
            _top.Add(value, tally.Count);
        }

        return new Facet(Attribute, _top.Drain(static value => AttributeValue.Of(value)), Points, _top.Distinct);
    }

    protected override void CountValue(uint ordinal, AttributeView value)
    {
        if (value.Kind == AttributeKind.Int64)
        {
            Add(ordinal, value.Int64);
            return;
        }

        for (BlobReader elements = value.Elements; !elements.AtEnd;)
        {
            Add(ordinal, elements.ReadSigned());
        }
    }

    private void Add(uint ordinal, long value) => CollectionsMarshal.GetValueRefOrAddDefault(_tallies, value, out _).Add(ordinal);
}
