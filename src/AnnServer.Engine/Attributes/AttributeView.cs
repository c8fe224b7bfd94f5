using System.Buffers.Binary;
using System.Collections.Immutable;

namespace AnnServer.Engine.Attributes;

/// <summary>One encoded value inside a record, read without allocating. Valid as long as the record's bytes are.</summary>
internal readonly ref struct AttributeView
{
    private const int GeoPointBytes = 2 * sizeof(double);

    private readonly long _bits;
    private readonly ReadOnlySpan<byte> _payload;

    private AttributeView(AttributeKind kind, long bits, ReadOnlySpan<byte> payload)
    {
        Kind = kind;
        _bits = bits;
        _payload = payload;
    }

    public AttributeKind Kind { get; }

    /// <summary>The number of an INT64, or the ticks of a TIMESTAMP.</summary>
    public long Int64 => _bits;

    public double Double => BitConverter.Int64BitsToDouble(_bits);

    public bool Bool => _bits != 0;

    /// <summary>The instant of a TIMESTAMP in UTC ticks.</summary>
    public long Ticks => _bits;

    /// <summary>The bytes of a string.</summary>
    public ReadOnlySpan<byte> Utf8 => _payload;

    /// <summary>The elements of a list, each to be read as its kind says.</summary>
    public BlobReader Elements => new(_payload);

    /// <summary>The coordinates of a place.</summary>
    public GeoPoint GeoPoint => new(
        BinaryPrimitives.ReadDoubleLittleEndian(_payload), BinaryPrimitives.ReadDoubleLittleEndian(_payload[sizeof(double)..]));

    public static AttributeView Read(scoped ref BlobReader reader)
    {
        AttributeKind kind = (AttributeKind)reader.ReadByte();
        switch (kind)
        {
            case AttributeKind.String:
            case AttributeKind.StringList:
            case AttributeKind.Int64List:
                return new AttributeView(kind, 0, reader.ReadPrefixed());
            case AttributeKind.Int64:
                return new AttributeView(kind, reader.ReadSigned(), default);
            case AttributeKind.Double:
            case AttributeKind.Timestamp:
                return new AttributeView(kind, reader.ReadFixed(), default);
            case AttributeKind.Bool:
                return new AttributeView(kind, reader.ReadByte(), default);
            case AttributeKind.GeoPoint:
                return new AttributeView(kind, 0, reader.ReadBytes(GeoPointBytes));
            default:
                BlobReader.ThrowMalformed($"it holds a value of unknown kind {(byte)kind}");
                return default;
        }
    }

    /// <summary>Steps over a value without reading it.</summary>
    public static void Skip(ref BlobReader reader)
    {
        AttributeKind kind = (AttributeKind)reader.ReadByte();
        switch (kind)
        {
            case AttributeKind.String:
            case AttributeKind.StringList:
            case AttributeKind.Int64List:
                reader.ReadPrefixed();
                break;
            case AttributeKind.Int64:
                reader.ReadVarint();
                break;
            case AttributeKind.Double:
            case AttributeKind.Timestamp:
                reader.SkipFixed();
                break;
            case AttributeKind.Bool:
                reader.ReadByte();
                break;
            case AttributeKind.GeoPoint:
                reader.ReadBytes(GeoPointBytes);
                break;
            default:
                BlobReader.ThrowMalformed($"it holds a value of unknown kind {(byte)kind}");
                break;
        }
    }

    public bool SameAs(AttributeView other) => Kind == other.Kind && _bits == other._bits && _payload.SequenceEqual(other._payload);

    /// <summary>The value as an object of its own.</summary>
    public AttributeValue ToValue()
    {
        switch (Kind)
        {
            case AttributeKind.String:
                return AttributeValue.Of(Decode(_payload));
            case AttributeKind.Int64:
                return AttributeValue.Of(_bits);
            case AttributeKind.Double:
                return AttributeValue.Of(Double);
            case AttributeKind.Bool:
                if (_bits > 1)
                {
                    BlobReader.ThrowMalformed("a truth value is neither 0 nor 1");
                }

                return AttributeValue.Of(Bool);
            case AttributeKind.Timestamp:
                if ((ulong)_bits > (ulong)DateTimeOffset.MaxValue.Ticks)
                {
                    BlobReader.ThrowMalformed("a timestamp is out of range");
                }

                return AttributeValue.Of(new DateTimeOffset(_bits, TimeSpan.Zero));
            case AttributeKind.StringList:
                ImmutableArray<string>.Builder strings = ImmutableArray.CreateBuilder<string>();
                for (BlobReader elements = Elements; !elements.AtEnd;)
                {
                    strings.Add(Decode(elements.ReadPrefixed()));
                }

                return AttributeValue.Of(strings.DrainToImmutable());
            case AttributeKind.GeoPoint:
                if (GeoPoint.Fault is not null)
                {
                    BlobReader.ThrowMalformed("a place is out of range");
                }

                return AttributeValue.Of(GeoPoint);
            default:
                ImmutableArray<long>.Builder numbers = ImmutableArray.CreateBuilder<long>();
                for (BlobReader elements = Elements; !elements.AtEnd;)
                {
                    numbers.Add(elements.ReadSigned());
                }

                return AttributeValue.Of(numbers.DrainToImmutable());
        }
    }

    public static string Decode(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return Utf8Order.Strict.GetString(utf8);
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException("The attribute record is damaged: a string is not UTF-8.", exception);
        }
    }
}
