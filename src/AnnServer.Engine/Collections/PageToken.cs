using System.Buffers.Text;
using System.Text;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Collections;

/// <summary>Where a scroll goes on: the key of the last point given, and a hash of the query so that it fits no other.</summary>
internal static class PageToken
{
    private const byte Version = 1;
    private const string ValueName = "v";

    /// <summary>A hash of what must stay the same from page to page.</summary>
    public static ulong Shape(uint collection, Predicate? predicate, ScrollQuery query)
    {
        string text = $"{collection}|{(predicate is null ? "" : PredicateText.Of(predicate))}|{query.OrderBy}|{query.Descending}";
        // FNV-1a: stable across processes, unlike the hash codes of strings.
        ulong hash = 14695981039346656037;
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            hash = (hash ^ b) * 1099511628211;
        }

        return hash;
    }

    public static string Format(ScrollKey key, ulong shape)
    {
        var record = new RecordWriter();
        record.WriteByte(Version);
        record.WriteUInt64(shape);
        record.WriteId(key.Id);
        if (key.Value.Kind != AttributeKind.None)
        {
            record.WriteBytes(AttributeCodec.Encode(new Dictionary<string, AttributeValue> { [ValueName] = key.Value }));
        }

        return Base64Url.EncodeToString(record.Payload);
    }

    public static bool TryParse(string token, ulong shape, out ScrollKey? key)
    {
        key = null;
        try
        {
            var reader = new RecordReader(Base64Url.DecodeFromChars(token));
            if (reader.ReadByte() != Version || reader.ReadUInt64() != shape)
            {
                return false;
            }

            PointId id = reader.ReadId();
            AttributeValue value = reader.IsAtEnd ? default : AttributeCodec.Decode(reader.ReadBytes())[ValueName];
            key = new ScrollKey(value, id);
            return true;
        }
        catch (Exception error) when (error is FormatException or InvalidDataException or KeyNotFoundException or OverflowException)
        {
            return false;
        }
    }
}
