using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes.Walks;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Attributes;

/// <summary>The order of a DOUBLE attribute.</summary>
internal sealed class DoubleIndex(AttributeSchema schema) : AttributeIndex(schema)
{
    private readonly SortedIndex<double> _sorted = new(isScalar: true);
    private readonly PostingSet _exists = new();
    private EntryBuffer<double> _bulk = new();

    public override long MemoryBytes => _sorted.MemoryBytes + _exists.MemoryBytes;

    /// <summary>An int64 written before the attribute was declared is welcome where a double can hold it.</summary>
    public override bool Accepts(AttributeView value) => value.Kind == AttributeKind.Double
        || (value.Kind == AttributeKind.Int64 && Numbers.TryToInt64(value.Int64, out long same) && same == value.Int64);

    public override void Add(uint ordinal, AttributeView value)
    {
        _exists.Add(ordinal);
        _sorted.Add(KeyOf(value), ordinal);
    }

    public override void Remove(uint ordinal, AttributeView value)
    {
        _exists.Remove(ordinal);
        _sorted.Remove(KeyOf(value), ordinal);
    }

    public override void AddInBulk(uint ordinal, AttributeView value)
    {
        _exists.Add(ordinal);
        _bulk.Add(KeyOf(value), ordinal);
    }

    public override void EndBulk()
    {
        _sorted.Load(_bulk.Keys, _bulk.Ordinals);
        _bulk = new EntryBuffer<double>();
    }

    public override ValueWalk? Walk(AttributeValue from, bool descending) => from.Kind switch
    {
        AttributeKind.None => new SortedWalk<double>(_sorted, _exists, null, descending),
        AttributeKind.Double => new SortedWalk<double>(_sorted, _exists, from.AsDouble(), descending),
        AttributeKind.Int64 when Numbers.TryToInt64(from.AsInt64(), out long same) && same == from.AsInt64() =>
            new SortedWalk<double>(_sorted, _exists, from.AsInt64(), descending),
        _ => null,
    };

    public override void AddMatches(LeafTest leaf, OrdinalBitmap bitmap, BitmapPool pool)
    {
        switch (leaf.Shape)
        {
            case LeafShape.Exists:
                _exists.AddTo(bitmap);
                break;
            case LeafShape.In:
                foreach (long wanted in leaf.Integers)
                {
                    // A double that rounds to another integer equals no stored value.
                    double key = wanted;
                    if (Numbers.TryToInt64(key, out long same) && same == wanted)
                    {
                        _sorted.AddRangeTo(key, key, bitmap);
                    }
                }

                foreach (double wanted in leaf.Doubles)
                {
                    _sorted.AddRangeTo(wanted, wanted, bitmap);
                }

                break;
            case LeafShape.Range when leaf.Domain == RangeDomain.Number:
                _sorted.AddRangeTo(leaf.Interval.LowDouble, leaf.Interval.HighDouble, bitmap);
                break;
        }
    }

    private static double KeyOf(AttributeView value) => value.Kind == AttributeKind.Int64 ? value.Int64 : value.Double;
}
