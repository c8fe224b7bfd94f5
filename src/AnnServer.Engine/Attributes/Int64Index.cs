using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes.Facets;
using AnnServer.Engine.Attributes.Walks;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Attributes;

/// <summary>The order of an INT64 or TIMESTAMP attribute, or of the elements of an INT64_LIST.</summary>
internal sealed class Int64Index(AttributeSchema schema) : AttributeIndex(schema)
{
    private readonly AttributeKind _kind = schema.Type switch
    {
        AttributeType.Int64 => AttributeKind.Int64,
        AttributeType.Timestamp => AttributeKind.Timestamp,
        _ => AttributeKind.Int64List,
    };

    private readonly SortedIndex<long> _sorted = new(isScalar: schema.Type != AttributeType.Int64List);
    private readonly PostingSet _exists = new();
    private EntryBuffer<long> _bulk = new();

    public override long MemoryBytes => _sorted.MemoryBytes + _exists.MemoryBytes;

    public override bool Accepts(AttributeView value) => value.Kind == _kind;

    public override void Add(uint ordinal, AttributeView value)
    {
        _exists.Add(ordinal);
        if (_kind != AttributeKind.Int64List)
        {
            _sorted.Add(value.Int64, ordinal);
            return;
        }

        for (BlobReader elements = value.Elements; !elements.AtEnd;)
        {
            _sorted.Add(elements.ReadSigned(), ordinal);
        }
    }

    public override void Remove(uint ordinal, AttributeView value)
    {
        _exists.Remove(ordinal);
        if (_kind != AttributeKind.Int64List)
        {
            _sorted.Remove(value.Int64, ordinal);
            return;
        }

        for (BlobReader elements = value.Elements; !elements.AtEnd;)
        {
            _sorted.Remove(elements.ReadSigned(), ordinal);
        }
    }

    public override void AddInBulk(uint ordinal, AttributeView value)
    {
        _exists.Add(ordinal);
        if (_kind != AttributeKind.Int64List)
        {
            _bulk.Add(value.Int64, ordinal);
            return;
        }

        for (BlobReader elements = value.Elements; !elements.AtEnd;)
        {
            _bulk.Add(elements.ReadSigned(), ordinal);
        }
    }

    public override void EndBulk()
    {
        _sorted.Load(_bulk.Keys, _bulk.Ordinals);
        _bulk = new EntryBuffer<long>();
    }

    public override FacetCounter? CountFacet(int limit) =>
        _kind == AttributeKind.Timestamp ? null : new Int64Facet(this, _sorted, _exists, limit);

    public override ValueWalk? Walk(AttributeValue from, bool descending) => from.Kind switch
    {
        _ when _kind == AttributeKind.Int64List => null,
        AttributeKind.None => new SortedWalk<long>(_sorted, _exists, null, descending),
        AttributeKind.Int64 when _kind == AttributeKind.Int64 => new SortedWalk<long>(_sorted, _exists, from.AsInt64(), descending),
        AttributeKind.Timestamp when _kind == AttributeKind.Timestamp =>
            new SortedWalk<long>(_sorted, _exists, from.AsTimestamp().UtcTicks, descending),
        _ => null,
    };

    public override void AddMatches(LeafTest leaf, OrdinalBitmap bitmap, BitmapPool pool)
    {
        bool isTime = _kind == AttributeKind.Timestamp;
        switch (leaf.Shape)
        {
            case LeafShape.Exists:
                _exists.AddTo(bitmap);
                break;
            case LeafShape.In:
                foreach (long wanted in isTime ? leaf.Ticks : leaf.Integers)
                {
                    _sorted.AddRangeTo(wanted, wanted, bitmap);
                }

                break;
            case LeafShape.Range when isTime && leaf.Domain == RangeDomain.Timestamp:
                _sorted.AddRangeTo(leaf.LowTicks, leaf.HighTicks, bitmap);
                break;
            case LeafShape.Range when !isTime && leaf.Domain == RangeDomain.Number:
                _sorted.AddRangeTo(leaf.Interval.LowInt64, leaf.Interval.HighInt64, bitmap);
                break;
        }
    }
}
