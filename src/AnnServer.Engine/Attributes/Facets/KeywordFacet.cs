using System.Runtime.InteropServices;
using AnnServer.Core.Filtering;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Attributes.Facets;

/// <summary>Counts the strings of a KEYWORD attribute, or the elements of a KEYWORD_LIST.</summary>
internal sealed class KeywordFacet(KeywordIndex index, SortedIndex<Term> terms, PostingSet exists, int limit) : FacetCounter(index)
{
    private readonly FacetTop<string> _top = new(limit, Utf8Order.Strings);
    private readonly Dictionary<string, PointTally> _tallies = new(StringComparer.Ordinal);
    private string? _last;

    // No value costs more than its bits of the bitmap, and all of them no more than their members, of which there is one a point or so.
    public override long CostOfIndex(int length) => (terms.Count * ValueCost) + Math.Min(exists.Count, terms.Count * (length / 128L));

    public override long CostOfPoints(long points) => (points * PointCost) + (Math.Min(points, terms.Count) * NewValueCost);

    public override bool CountSome(OrdinalBitmap points)
    {
        SortedIndex<Term>.Position position = default;
        if (_last is null)
        {
            Points = exists.CountIn(points);
        }
        else
        {
            position = terms.SeekAfter(new Term(_last));
        }

        for (long cost = 0; cost < SliceCost; cost += ValueCost)
        {
            if (!terms.MoveNext(ref position, out Term term, out _))
            {
                return false;
            }

            _last = term.Text;
            _top.Add(term.Text, term.Posting!.CountIn(points));
            cost += Math.Min(term.Posting.Count, points.Length / 128);
        }

        return true;
    }

    public override Facet ToFacet()
    {
        foreach ((string value, PointTally tally) in _tallies)
        {
            _top.Add(value, tally.Count);
        }

        return new Facet(Attribute, _top.Drain(static value => AttributeValue.Of(value)), Points, _top.Distinct);
    }

    protected override void CountValue(uint ordinal, AttributeView value)
    {
        Span<char> buffer = stackalloc char[KeywordIndex.MaxStackLength];
        if (value.Kind == AttributeKind.String)
        {
            Add(ordinal, KeywordIndex.Decode(value.Utf8, buffer));
            return;
        }

        for (BlobReader elements = value.Elements; !elements.AtEnd;)
        {
            Add(ordinal, KeywordIndex.Decode(elements.ReadPrefixed(), buffer));
        }
    }

    private void Add(uint ordinal, ReadOnlySpan<char> value) =>
        CollectionsMarshal.GetValueRefOrAddDefault(_tallies.GetAlternateLookup<ReadOnlySpan<char>>(), value, out _).Add(ordinal);
}
