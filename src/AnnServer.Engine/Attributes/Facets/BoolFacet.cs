using AnnServer.Core.Filtering;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Attributes.Facets;

/// <summary>Counts the two values of a BOOL attribute.</summary>
internal sealed class BoolFacet(BoolIndex index, PostingSet ofTrue, PostingSet ofFalse, int limit) : FacetCounter(index)
{
    private readonly FacetTop<bool> _top = new(limit, Comparer<bool>.Default);
    private long _true;
    private long _false;

    public override long CostOfIndex(int length) => (2 * ValueCost) + Math.Min(ofTrue.Count + ofFalse.Count, length / 64);

    public override long CostOfPoints(long points) => points * PointCost;

    public override bool CountSome(OrdinalBitmap points)
    {
        _true = ofTrue.CountIn(points);
        _false = ofFalse.CountIn(points);
        Points = _true + _false;
        return false;
    }

    public override Facet ToFacet()
    {
        _top.Add(true, _true);
        _top.Add(false, _false);
        return new Facet(Attribute, _top.Drain(static value => AttributeValue.Of(value)), Points, _top.Distinct);
    }

    protected override void CountValue(uint ordinal, AttributeView value)
    {
        if (value.Bool)
        {
            _true++;
        }
        else
        {
            _false++;
        }
    }
}
