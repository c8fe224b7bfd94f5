using System.Collections;
using AnnServer.Protocol.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace AnnServer.FunctionalTests.Fuzzing;

/// <summary>
/// Messages of any type by its descriptor: fields at random, with values that mostly mean something, so that many are answered rather than
/// refused.
/// </summary>
/// <param name="collections">Names that a field for a collection may have.</param>
/// <param name="expressions">Filters as text.</param>
internal sealed class RandomMessages(IReadOnlyList<string> collections, IReadOnlyList<string> expressions)
{
    private const int Dimension = 4;
    private const int Keys = 50;

    private static readonly string[] Attributes = ["lang", "year", "pos", "draft", "created", "tags", "codes", "place", "title", "free"];

    private static readonly string[] Texts = ["", "en", "fr", "a b", "größer 𝛼", "*", "2024-01-02T00:00:00Z", "the quick brown fox"];

    public IMessage Next(MessageDescriptor type, Random random) => Next(type, 0, random);

    private IMessage Next(MessageDescriptor type, int depth, Random random)
    {
        if (type == Vector.Descriptor)
        {
            return NextVector(random);
        }

        IMessage message = type.Parser.ParseFrom([]);
        foreach (FieldDescriptor field in type.Fields.InFieldNumberOrder())
        {
            // One of a oneof remains: the last that is set.
            if (random.Next(field.RealContainingOneof is { } one ? one.Fields.Count : 4) == 0 || IsNeeded(field))
            {
                Set(message, field, depth, random);
            }
        }

        return message;
    }

    private static bool IsNeeded(FieldDescriptor field) =>
        field.Name is "collection" or "id" or "vector" or "k" or "config" or "name" or "dimension" or "metric" || field is { Name: "points", IsRepeated: true };

    private void Set(IMessage message, FieldDescriptor field, int depth, Random random)
    {
        if (depth > 6 && field.FieldType == FieldType.Message)
        {
            return;
        }

        if (field.IsMap)
        {
            IDictionary map = (IDictionary)field.Accessor.GetValue(message);
            for (int entries = random.Next(3); entries > 0; entries--)
            {
                map[Attributes[random.Next(Attributes.Length)]] = Value(field.MessageType.FindFieldByNumber(2), depth, random);
            }
        }
        else if (field.IsRepeated)
        {
            IList list = (IList)field.Accessor.GetValue(message);
            for (int elements = random.Next(4); elements > 0; elements--)
            {
                list.Add(Value(field, depth, random));
            }
        }
        else
        {
            field.Accessor.SetValue(message, Value(field, depth, random));
        }
    }

    private object Value(FieldDescriptor field, int depth, Random random) => field.FieldType switch
    {
        FieldType.Message => Next(field.MessageType, depth + 1, random),
        FieldType.String => Text(field, random),
        FieldType.Bytes => ByteString.CopyFrom(new byte[random.Next(20)]),
        FieldType.Bool => random.Next(2) == 0,
        FieldType.Enum => random.Next(-1, field.EnumType.Values.Count + 1),
        FieldType.UInt32 => (uint)Number(field, random),
        FieldType.UInt64 => (ulong)Number(field, random),
        FieldType.Int64 => Number(field, random),
        FieldType.Int32 => (int)Number(field, random),
        FieldType.Float => random.NextSingle(),
        FieldType.Double => random.Next(10) == 0 ? double.NaN : (random.NextDouble() * 4) - 2,
        _ => throw new ArgumentException($"No value is known for {field.FullName}.", nameof(field)),
    };

    private string Text(FieldDescriptor field, Random random) => field.Name switch
    {
        "collection" or "name" when field.ContainingType != AttributeSchema.Descriptor => collections[random.Next(collections.Count)],
        "attribute" or "exists" or "is_null" or "name" or "remove" or "drop_attributes" => Attributes[random.Next(Attributes.Length)],
        "expression" => expressions[random.Next(expressions.Count)],
        "key" => $"key{random.Next(Keys)}",
        _ => Texts[random.Next(Texts.Length)],
    };

    private static long Number(FieldDescriptor field, Random random) => field.Name switch
    {
        // What a write would have to have reached is not waited for.
        "read_after" => random.Next(2),
        "dimension" => random.Next(10) == 0 ? random.Next(10_000) : Dimension,
        _ => random.Next(12) switch
        {
            0 => random.NextInt64(),
            1 => -random.Next(3),
            2 => random.Next(100_000),
            _ => random.Next(Keys),
        },
    };

    private static Vector NextVector(Random random)
    {
        int dimension = random.Next(12) == 0 ? random.Next(20) : Dimension;
        Vector vector = new();
        if (random.Next(2) == 0)
        {
            vector.Values.AddRange(Enumerable.Range(0, dimension).Select(_ => random.Next(30) == 0 ? float.NaN : random.NextSingle()));
            return vector;
        }

        vector.Format = (VectorFormat)random.Next(5);
        int bytes = vector.Format switch { VectorFormat.Float16 => 2, VectorFormat.Int8 or VectorFormat.Uint8 => 1, _ => 4 };
        byte[] packed = new byte[dimension * bytes];
        random.NextBytes(packed);
        vector.Packed = ByteString.CopyFrom(packed);
        return vector;
    }
}
