using System.Text;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Collections;

/// <summary>
/// The order of a scroll. Numbers come before strings, strings before booleans, booleans before timestamps; points without a
/// value that can be ordered come last in either direction; equal values are in the order of identifiers.
/// </summary>
internal sealed class ScrollOrder : IComparer<ScrollKey>
{
    private readonly byte[]? _attribute;
    private readonly bool _descending;

    public ScrollOrder(string? attribute, bool descending)
    {
        _attribute = attribute is null ? null : Encoding.UTF8.GetBytes(attribute);
        _descending = descending;
        Reversed = Comparer<ScrollKey>.Create((a, b) => Compare(b, a));
    }

    public IComparer<ScrollKey> Reversed { get; }

    public static void Check(string? attribute, IReadOnlyList<AttributeSchema> schema, Faults faults)
    {
        foreach (AttributeSchema declared in schema)
        {
            if (declared.Name == attribute && declared.Type is AttributeType.KeywordList or AttributeType.Int64List)
            {
                faults.Add("order.attribute", $"{attribute} is a list, which has no order");
            }
            else if (declared.Name == attribute && declared.Type == AttributeType.GeoPoint)
            {
                faults.Add("order.attribute", $"{attribute} is a place on the earth, which has no order");
            }
        }
    }

    public ScrollKey KeyOf(PointId id, byte[]? blob)
    {
        AttributeValue value = default;
        if (_attribute is not null && blob is not null && AttributeCodec.TryFind(blob, _attribute, out AttributeView found))
        {
            value = found.ToValue();
        }

        return new ScrollKey(Rank(value) == NoRank ? default : value, id);
    }

    public int Compare(ScrollKey? x, ScrollKey? y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        int left = Rank(x.Value);
        int right = Rank(y.Value);
        if (left == NoRank || right == NoRank)
        {
            return left == right ? CompareIds(x, y) : left.CompareTo(right);
        }

        int order = left != right ? left.CompareTo(right) : CompareValues(x.Value, y.Value);
        if (order == 0)
        {
            return x.Id.CompareTo(y.Id);
        }

        return _descending ? -order : order;
    }

    // Without an attribute the identifiers are what the scroll is ordered by; with one they only settle ties.
    private int CompareIds(ScrollKey x, ScrollKey y) =>
        _attribute is null && _descending ? y.Id.CompareTo(x.Id) : x.Id.CompareTo(y.Id);

    private const int NoRank = int.MaxValue;

    private static int Rank(AttributeValue value) => value.Kind switch
    {
        AttributeKind.Int64 or AttributeKind.Double => 0,
        AttributeKind.String => 1,
        AttributeKind.Bool => 2,
        AttributeKind.Timestamp => 3,
        _ => NoRank,
    };

    private static int CompareValues(AttributeValue x, AttributeValue y) => x.Kind switch
    {
        AttributeKind.Int64 or AttributeKind.Double => Numbers.Compare(x, y),
        AttributeKind.String => Utf8Order.Strings.Compare(x.AsString(), y.AsString()),
        AttributeKind.Bool => x.AsBool().CompareTo(y.AsBool()),
        _ => x.AsTimestamp().CompareTo(y.AsTimestamp()),
    };
}
