using System.Buffers;

namespace AnnServer.Engine.Attributes;

/// <summary>
/// The stored form of a point's attributes: a version byte, a count, then name, kind and value of each in the order of their
/// names' bytes, so that equal attributes have equal records. Integers are zigzag varints; doubles and timestamps are 8 bytes,
/// little-endian, and a place is two doubles; strings and lists carry their length in bytes, so a reader skips what it is not asked for.
/// </summary>
internal static class AttributeCodec
{
    public const byte Version = 1;

    public static byte[] Encode(IReadOnlyDictionary<string, AttributeValue> attributes)
    {
        ArgumentNullException.ThrowIfNull(attributes);
        string[] names = [.. attributes.Keys];
        Array.Sort(names, Utf8Order.Strings);

        ArrayBufferWriter<byte> buffer = new(64);
        BlobWriter writer = new(buffer);
        writer.WriteByte(Version);
        writer.WriteVarint((uint)names.Length);
        foreach (string name in names)
        {
            writer.WriteString(name);
            WriteValue(writer, attributes[name]);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes are not a whole record of this version.</exception>
    public static Dictionary<string, AttributeValue> Decode(ReadOnlySpan<byte> blob)
    {
        BlobReader reader = new(blob);
        ulong count = ReadHeader(ref reader);
        Dictionary<string, AttributeValue> attributes = new((int)Math.Min(count, 256), StringComparer.Ordinal);
        ReadOnlySpan<byte> previous = default;
        for (ulong i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> name = reader.ReadPrefixed();
            if (i > 0 && previous.SequenceCompareTo(name) >= 0)
            {
                BlobReader.ThrowMalformed("its names are out of order");
            }

            attributes.Add(AttributeView.Decode(name), AttributeView.Read(ref reader).ToValue());
            previous = name;
        }

        if (!reader.AtEnd)
        {
            BlobReader.ThrowMalformed("bytes follow its last value");
        }

        return attributes;
    }

    /// <summary>Finds one attribute without decoding the others.</summary>
    /// <exception cref="InvalidDataException">The bytes up to the attribute are not a record of this version.</exception>
    public static bool TryFind(ReadOnlySpan<byte> blob, ReadOnlySpan<byte> utf8Name, out AttributeView value)
    {
        BlobReader reader = new(blob);
        ulong count = ReadHeader(ref reader);
        for (ulong i = 0; i < count; i++)
        {
            if (reader.ReadPrefixed().SequenceEqual(utf8Name))
            {
                value = AttributeView.Read(ref reader);
                return true;
            }

            AttributeView.Skip(ref reader);
        }

        value = default;
        return false;
    }

    /// <summary>Checks the version; the answer is how many attributes follow.</summary>
    public static ulong ReadHeader(scoped ref BlobReader reader)
    {
        byte version = reader.ReadByte();
        if (version != Version)
        {
            BlobReader.ThrowMalformed($"its version is {version}, not {Version}");
        }

        return reader.ReadVarint();
    }

    private static void WriteValue(BlobWriter writer, AttributeValue value)
    {
        writer.WriteByte((byte)value.Kind);
        switch (value.Kind)
        {
            case AttributeKind.String:
                writer.WriteString(value.AsString());
                break;
            case AttributeKind.Int64:
                writer.WriteSigned(value.AsInt64());
                break;
            case AttributeKind.Double:
                writer.WriteFixed(BitConverter.DoubleToInt64Bits(value.AsDouble()));
                break;
            case AttributeKind.Bool:
                writer.WriteByte(value.AsBool() ? (byte)1 : (byte)0);
                break;
            case AttributeKind.Timestamp:
                writer.WriteFixed(value.AsTimestamp().UtcTicks);
                break;
            case AttributeKind.StringList:
                ArrayBufferWriter<byte> strings = new(64);
                foreach (string element in value.AsStringList().AsSpan())
                {
                    new BlobWriter(strings).WriteString(element);
                }

                writer.WritePrefixed(strings.WrittenSpan);
                break;
            case AttributeKind.Int64List:
                ArrayBufferWriter<byte> numbers = new(64);
                foreach (long element in value.AsInt64List().AsSpan())
                {
                    new BlobWriter(numbers).WriteSigned(element);
                }

                writer.WritePrefixed(numbers.WrittenSpan);
                break;
            case AttributeKind.GeoPoint:
                GeoPoint place = value.AsGeoPoint();
                writer.WriteFixed(BitConverter.DoubleToInt64Bits(place.Latitude));
                writer.WriteFixed(BitConverter.DoubleToInt64Bits(place.Longitude));
                break;
            default:
                throw new ArgumentException("An attribute has no value.", nameof(value));
        }
    }
}
