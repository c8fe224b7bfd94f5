using System.Collections.Immutable;
using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>A leaf over one attribute, prepared for testing many points. Values of kinds that do not compare are false.</summary>
internal sealed class LeafTest
{
    private readonly byte[] _name;
    private readonly byte[][] _utf8 = [];

    private LeafTest(string attribute, LeafShape shape)
    {
        Attribute = attribute;
        Shape = shape;
        _name = Utf8Order.Strict.GetBytes(attribute);
    }

    public LeafTest(Predicate.Exists exists)
        : this(exists.Attribute, LeafShape.Exists)
    {
    }

    public LeafTest(Predicate.In set)
        : this(set.Attribute, LeafShape.In)
    {
        List<string> strings = [];
        List<long> integers = [];
        List<double> doubles = [];
        List<long> ticks = [];
        foreach (AttributeValue value in set.Values)
        {
            switch (value.Kind)
            {
                case AttributeKind.String:
                    strings.Add(value.AsString());
                    break;
                case AttributeKind.Int64:
                    integers.Add(value.AsInt64());
                    break;
                case AttributeKind.Double when Numbers.TryToInt64(value.AsDouble(), out long integer):
                    integers.Add(integer);
                    break;
                case AttributeKind.Double:
                    doubles.Add(value.AsDouble());
                    break;
                case AttributeKind.Bool:
                    HasTrue |= value.AsBool();
                    HasFalse |= !value.AsBool();
                    break;
                case AttributeKind.Timestamp:
                    ticks.Add(value.AsTimestamp().UtcTicks);
                    break;
                default:
                    throw new ArgumentException($"A value of kind {value.Kind} cannot be compared.", nameof(set));
            }
        }

        Strings = [.. strings];
        Integers = Sorted(integers);
        Doubles = Sorted(doubles);
        Ticks = Sorted(ticks);
        _utf8 = new byte[Strings.Length][];
        for (int i = 0; i < _utf8.Length; i++)
        {
            _utf8[i] = Utf8Order.Strict.GetBytes(Strings[i]);
        }

        Array.Sort(_utf8, Utf8Order.Bytes);
    }

    public LeafTest(Predicate.Range range)
        : this(range.Attribute, LeafShape.Range)
    {
        Lower = range.Lower;
        Upper = range.Upper;
        AttributeKind kind = range.Lower.IsOpen ? range.Upper.Value.Kind : range.Lower.Value.Kind;
        switch (kind)
        {
            case AttributeKind.Int64 or AttributeKind.Double:
                Domain = RangeDomain.Number;
                Interval = NumericInterval.Of(range.Lower, range.Upper);
                break;
            case AttributeKind.Timestamp:
                Domain = RangeDomain.Timestamp;
                LowTicks = Lower.IsOpen ? 0 : Lower.Value.AsTimestamp().UtcTicks + (Lower.Inclusive ? 0 : 1);
                HighTicks = Upper.IsOpen ? long.MaxValue : Upper.Value.AsTimestamp().UtcTicks - (Upper.Inclusive ? 0 : 1);
                break;
            case AttributeKind.String:
                Domain = RangeDomain.String;
                _utf8 = [BytesOf(range.Lower), BytesOf(range.Upper)];
                break;
            default:
                throw new ArgumentException($"A range cannot have bounds of kind {kind}.", nameof(range));
        }
    }

    public LeafTest(Predicate.Prefix prefix)
        : this(prefix.Attribute, LeafShape.Prefix)
    {
        Strings = [prefix.Value];
        _utf8 = [Utf8Order.Strict.GetBytes(prefix.Value)];
    }

    public LeafTest(Predicate.TextMatch text)
        : this(text.Attribute, LeafShape.Text) => Text = TextQuery.Of(text.Query, text.Mode);

    public LeafTest(string attribute, GeoArea area)
        : this(attribute, LeafShape.Area) => Area = area;

    public string Attribute { get; }

    public LeafShape Shape { get; }

    /// <summary>The wanted strings, or the prefix.</summary>
    public ImmutableArray<string> Strings { get; } = [];

    /// <summary>Ascending. Every wanted number that is an int64, whichever way it was written.</summary>
    public long[] Integers { get; } = [];

    /// <summary>Ascending. The wanted numbers that no int64 equals.</summary>
    public double[] Doubles { get; } = [];

    /// <summary>Ascending.</summary>
    public long[] Ticks { get; } = [];

    public bool HasTrue { get; }

    public bool HasFalse { get; }

    public RangeDomain Domain { get; }

    public NumericInterval Interval { get; }

    public long LowTicks { get; }

    public long HighTicks { get; }

    /// <summary>The lower bound of a string range; null where it is open.</summary>
    public string? LeastString => Lower.IsOpen ? null : Lower.Value.AsString();

    public TextQuery? Text { get; }

    public GeoArea? Area { get; }

    private Predicate.Bound Lower { get; }

    private Predicate.Bound Upper { get; }

    /// <summary>Whether the point with these encoded attributes satisfies the leaf.</summary>
    public bool Matches(ReadOnlySpan<byte> blob)
    {
        if (!AttributeCodec.TryFind(blob, _name, out AttributeView value))
        {
            return false;
        }

        return Shape switch
        {
            LeafShape.Exists => true,
            LeafShape.In => IsIn(value),
            LeafShape.Range => IsWithin(value),
            LeafShape.Area => value.Kind == AttributeKind.GeoPoint && Area!.Contains(value.GeoPoint),
            _ => IsLike(value),
        };
    }

    /// <summary>Whether a string lies within the bounds of a string range.</summary>
    public bool IsWithin(string value)
    {
        if (!Lower.IsOpen)
        {
            int order = Utf8Order.Compare(value, Lower.Value.AsString());
            if (order < 0 || (order == 0 && !Lower.Inclusive))
            {
                return false;
            }
        }

        if (!Upper.IsOpen)
        {
            int order = Utf8Order.Compare(value, Upper.Value.AsString());
            return order < 0 || (order == 0 && Upper.Inclusive);
        }

        return true;
    }

    private bool IsIn(AttributeView value)
    {
        switch (value.Kind)
        {
            case AttributeKind.String:
                return HasString(value.Utf8);
            case AttributeKind.Int64:
                return Has(Integers, value.Int64);
            case AttributeKind.Double:
                return Numbers.TryToInt64(value.Double, out long integer) ? Has(Integers, integer) : Has(Doubles, value.Double);
            case AttributeKind.Bool:
                return value.Bool ? HasTrue : HasFalse;
            case AttributeKind.Timestamp:
                return Has(Ticks, value.Ticks);
            case AttributeKind.StringList:
                for (BlobReader elements = value.Elements; !elements.AtEnd;)
                {
                    if (HasString(elements.ReadPrefixed()))
                    {
                        return true;
                    }
                }

                return false;
            case AttributeKind.Int64List:
                for (BlobReader elements = value.Elements; !elements.AtEnd;)
                {
                    if (Has(Integers, elements.ReadSigned()))
                    {
                        return true;
                    }
                }

                return false;
            default:
                return false;
        }
    }

    private bool IsWithin(AttributeView value)
    {
        switch (value.Kind)
        {
            case AttributeKind.String:
                return Domain == RangeDomain.String && IsWithin(value.Utf8);
            case AttributeKind.Int64:
                return Domain == RangeDomain.Number && Interval.Contains(value.Int64);
            case AttributeKind.Double:
                return Domain == RangeDomain.Number && Interval.Contains(value.Double);
            case AttributeKind.Timestamp:
                return Domain == RangeDomain.Timestamp && value.Ticks >= LowTicks && value.Ticks <= HighTicks;
            case AttributeKind.StringList when Domain == RangeDomain.String:
                for (BlobReader elements = value.Elements; !elements.AtEnd;)
                {
                    if (IsWithin(elements.ReadPrefixed()))
                    {
                        return true;
                    }
                }

                return false;
            case AttributeKind.Int64List when Domain == RangeDomain.Number:
                for (BlobReader elements = value.Elements; !elements.AtEnd;)
                {
                    if (Interval.Contains(elements.ReadSigned()))
                    {
                        return true;
                    }
                }

                return false;
            default:
                return false;
        }
    }

    private bool IsWithin(ReadOnlySpan<byte> utf8)
    {
        if (!Lower.IsOpen)
        {
            int order = utf8.SequenceCompareTo(_utf8[0]);
            if (order < 0 || (order == 0 && !Lower.Inclusive))
            {
                return false;
            }
        }

        if (!Upper.IsOpen)
        {
            int order = utf8.SequenceCompareTo(_utf8[1]);
            return order < 0 || (order == 0 && Upper.Inclusive);
        }

        return true;
    }

    /// <summary>Whether the value is, or has, a string with the prefix or the tokens.</summary>
    private bool IsLike(AttributeView value)
    {
        if (value.Kind == AttributeKind.String)
        {
            return IsLike(value.Utf8);
        }

        if (value.Kind == AttributeKind.StringList)
        {
            for (BlobReader elements = value.Elements; !elements.AtEnd;)
            {
                if (IsLike(elements.ReadPrefixed()))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private bool IsLike(ReadOnlySpan<byte> utf8) => Shape == LeafShape.Prefix ? utf8.StartsWith(_utf8[0]) : Text!.Matches(utf8);

    private bool HasString(ReadOnlySpan<byte> utf8)
    {
        int low = 0;
        int high = _utf8.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            int order = utf8.SequenceCompareTo(_utf8[middle]);
            if (order == 0)
            {
                return true;
            }

            if (order > 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return false;
    }

    private static bool Has<T>(T[] sorted, T value)
        where T : struct, IComparable<T> => sorted.AsSpan().BinarySearch(value) >= 0;

    private static byte[] BytesOf(Predicate.Bound bound) => bound.IsOpen ? [] : Utf8Order.Strict.GetBytes(bound.Value.AsString());

    private static T[] Sorted<T>(List<T> values)
    {
        values.Sort();
        return [.. values];
    }
}
