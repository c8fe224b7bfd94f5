using System.Collections.Immutable;

namespace AnnServer.Engine.Attributes;

/// <summary>The value of one attribute: a scalar or a list. Immutable; the default value is no value.</summary>
public readonly struct AttributeValue : IEquatable<AttributeValue>
{
    // Scalars live in _bits; strings, lists and places in _reference.
    private readonly long _bits;
    private readonly object? _reference;

    private AttributeValue(AttributeKind kind, long bits, object? reference)
    {
        Kind = kind;
        _bits = bits;
        _reference = reference;
    }

    public AttributeKind Kind { get; }

    public static AttributeValue Of(string value) => new(AttributeKind.String, 0, value ?? throw new ArgumentNullException(nameof(value)));

    public static AttributeValue Of(long value) => new(AttributeKind.Int64, value, null);

    public static AttributeValue Of(double value) => new(AttributeKind.Double, BitConverter.DoubleToInt64Bits(value), null);

    public static AttributeValue Of(bool value) => new(AttributeKind.Bool, value ? 1 : 0, null);

    /// <summary>An instant, kept as UTC ticks of 100 nanoseconds.</summary>
    public static AttributeValue Of(DateTimeOffset value) => new(AttributeKind.Timestamp, value.UtcTicks, null);

    public static AttributeValue Of(ImmutableArray<string> values) => new(AttributeKind.StringList, 0, values);

    public static AttributeValue Of(ImmutableArray<long> values) => new(AttributeKind.Int64List, 0, values);

    public static AttributeValue Of(GeoPoint value) => new(AttributeKind.GeoPoint, 0, value);

    public string AsString() => (string)Expect(AttributeKind.String)._reference!;

    public long AsInt64() => Expect(AttributeKind.Int64)._bits;

    public double AsDouble() => BitConverter.Int64BitsToDouble(Expect(AttributeKind.Double)._bits);

    public bool AsBool() => Expect(AttributeKind.Bool)._bits != 0;

    public DateTimeOffset AsTimestamp() => new(Expect(AttributeKind.Timestamp)._bits, TimeSpan.Zero);

    public ImmutableArray<string> AsStringList() => (ImmutableArray<string>)Expect(AttributeKind.StringList)._reference!;

    public ImmutableArray<long> AsInt64List() => (ImmutableArray<long>)Expect(AttributeKind.Int64List)._reference!;

    public GeoPoint AsGeoPoint() => (GeoPoint)Expect(AttributeKind.GeoPoint)._reference!;

    public bool Equals(AttributeValue other) => Kind == other.Kind && Kind switch
    {
        AttributeKind.None => true,
        AttributeKind.String => string.Equals((string)_reference!, (string)other._reference!, StringComparison.Ordinal),
        AttributeKind.StringList => AsStringList().AsSpan().SequenceEqual(other.AsStringList().AsSpan()),
        AttributeKind.Int64List => AsInt64List().AsSpan().SequenceEqual(other.AsInt64List().AsSpan()),
        AttributeKind.GeoPoint => AsGeoPoint() == other.AsGeoPoint(),
        _ => _bits == other._bits,
    };

    public override bool Equals(object? obj) => obj is AttributeValue other && Equals(other);

    public override int GetHashCode() => Kind switch
    {
        AttributeKind.String => HashCode.Combine(Kind, (string)_reference!),
        AttributeKind.StringList => HashCode.Combine(Kind, AsStringList().Length),
        AttributeKind.Int64List => HashCode.Combine(Kind, AsInt64List().Length),
        AttributeKind.GeoPoint => HashCode.Combine(Kind, AsGeoPoint()),
        _ => HashCode.Combine(Kind, _bits),
    };

    public static bool operator ==(AttributeValue left, AttributeValue right) => left.Equals(right);

    public static bool operator !=(AttributeValue left, AttributeValue right) => !left.Equals(right);

    private AttributeValue Expect(AttributeKind kind) =>
        Kind == kind ? this : throw new InvalidOperationException($"The value is {Kind}, not {kind}.");
}
