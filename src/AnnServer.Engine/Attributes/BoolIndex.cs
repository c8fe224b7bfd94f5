using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes.Facets;
using AnnServer.Engine.Attributes.Walks;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Attributes;

/// <summary>The ordinals of either truth value.</summary>
internal sealed class BoolIndex(AttributeSchema schema) : AttributeIndex(schema)
{
    private readonly PostingSet _true = new();
    private readonly PostingSet _false = new();

    public override long MemoryBytes => _true.MemoryBytes + _false.MemoryBytes;

    public override bool Accepts(AttributeView value) => value.Kind == AttributeKind.Bool;

    public override void Add(uint ordinal, AttributeView value) => (value.Bool ? _true : _false).Add(ordinal);

    public override void Remove(uint ordinal, AttributeView value) => (value.Bool ? _true : _false).Remove(ordinal);

    public override FacetCounter CountFacet(int limit) => new BoolFacet(this, _true, _false, limit);

    public override ValueWalk? Walk(AttributeValue from, bool descending) => from.Kind switch
    {
        AttributeKind.None => new BoolWalk(_false, _true, null, descending),
        AttributeKind.Bool => new BoolWalk(_false, _true, from.AsBool(), descending),
        _ => null,
    };

    public override void AddMatches(LeafTest leaf, OrdinalBitmap bitmap, BitmapPool pool)
    {
        bool exists = leaf.Shape == LeafShape.Exists;
        if (exists || leaf.HasTrue)
        {
            _true.AddTo(bitmap);
        }

        if (exists || leaf.HasFalse)
        {
            _false.AddTo(bitmap);
        }
    }
}
