using AnnServer.Protocol.V1;
using Google.Protobuf;

namespace AnnServer.FunctionalTests.Rpc.Searching;

/// <summary>
/// Requests as any client may put them on the wire: fields in any order, more than once, unknown, of another type than they should
/// be, numbers longer than they need be; and some that are damaged.
/// </summary>
internal sealed class RandomRequests(int seed)
{
    private static readonly Predicate SomePredicate = new() { Not = new Predicate { Exists = "tag" } };

    private readonly Random _random = new(seed);

    public int Seed => seed;

    public byte[] Search(bool mayBeDamaged = true)
    {
        using MemoryStream bytes = new();
        CodedOutputStream output = new(bytes);
        for (int fields = _random.Next(12); fields > 0; fields--)
        {
            WriteField(output);
        }

        output.Flush();
        return mayBeDamaged ? Damage(bytes.ToArray()) : bytes.ToArray();
    }

    public byte[] Batch()
    {
        using MemoryStream bytes = new();
        CodedOutputStream output = new(bytes);
        for (int fields = _random.Next(6); fields > 0; fields--)
        {
            switch (_random.Next(4))
            {
                case 0:
                    WriteText(output, 1);
                    break;
                case 1:
                    WriteUnknown(output, 0);
                    break;
                default:
                    WriteBytes(output, 2, Search(mayBeDamaged: _random.Next(8) == 0));
                    break;
            }
        }

        output.Flush();
        return Damage(bytes.ToArray());
    }

    /// <summary>Places to cut a message into pieces; some may be empty.</summary>
    public int[] Cuts(int length) => [.. Enumerable.Range(0, _random.Next(4)).Select(_ => _random.Next(length + 1)).Order()];

    private void WriteField(CodedOutputStream output)
    {
        switch (_random.Next(18))
        {
            case 0:
                WriteText(output, 1);
                break;
            case 1 or 2 or 3:
                WriteBytes(output, 2, Vector());
                break;
            case 4:
                WriteNumber(output, 3);
                break;
            case 5:
                WriteBytes(output, 4, Filter());
                break;
            case 6:
                WriteNumber(output, 5);
                break;
            case 7:
                WriteNumber(output, 7);
                break;
            case 8:
                WriteNumber(output, _random.Next(2) == 0 ? 8 : 9);
                break;
            case 9:
                WriteFloat(output, 10);
                break;
            case 10:
                WriteNumber(output, 11);
                break;
            case 11:
                WriteNumber(output, 12);
                break;
            case 12:
                // A known number with a type that may be another.
                WriteAny(output, _random.Next(1, 15), 0);
                break;
            case 13:
                WriteBytes(output, 13, Message(_random.Next(3) == 0, text: 1, number: 2, real: 3));
                break;
            case 14:
                WriteBytes(output, 14, Message(_random.Next(3) == 0, text: 3, number: 2, real: 1));
                break;
            default:
                WriteUnknown(output, 0);
                break;
        }
    }

    private byte[] Vector()
    {
        using MemoryStream bytes = new();
        CodedOutputStream output = new(bytes);
        for (int fields = _random.Next(4); fields > 0; fields--)
        {
            switch (_random.Next(7))
            {
                case 0 or 1:
                    WriteBytes(output, 1, Some(_random.Next(3) == 0 ? 0 : _random.Next(40)));
                    break;
                case 2:
                    WriteBytes(output, 2, Some((4 * _random.Next(8)) + (_random.Next(20) == 0 ? 1 : 0)));
                    break;
                case 3:
                    WriteFloat(output, 2);
                    break;
                case 4:
                    output.WriteTag(3, WireFormat.WireType.Varint);
                    output.WriteEnum(_random.Next(-1, 6));
                    break;
                case 5:
                    WriteAny(output, _random.Next(1, 4), 0);
                    break;
                default:
                    WriteUnknown(output, 0);
                    break;
            }
        }

        output.Flush();
        return bytes.ToArray();
    }

    // With fields of these numbers, each in three there.
    private byte[] Message(bool isEmpty, int text, int number, int real)
    {
        using MemoryStream bytes = new();
        CodedOutputStream output = new(bytes);
        if (!isEmpty && _random.Next(3) != 0)
        {
            WriteText(output, text);
        }

        if (!isEmpty && _random.Next(3) != 0)
        {
            WriteNumber(output, number);
        }

        if (!isEmpty && _random.Next(3) != 0)
        {
            output.WriteTag(real, WireFormat.WireType.Fixed64);
            output.WriteFixed64((ulong)_random.NextInt64());
        }

        output.Flush();
        return bytes.ToArray();
    }

    private byte[] Filter() => _random.Next(4) switch
    {
        0 => new Filter().ToByteArray(),
        1 => new Filter { Expression = "year > 2000" }.ToByteArray(),
        2 => new Filter { Predicate = SomePredicate }.ToByteArray(),
        _ => new Filter { Predicate = new Predicate { And = new PredicateList { Predicates = { SomePredicate } } } }.ToByteArray(),
    };

    private void WriteUnknown(CodedOutputStream output, int depth) => WriteAny(output, _random.Next(15, 5000), depth);

    private void WriteAny(CodedOutputStream output, int field, int depth)
    {
        switch (_random.Next(5))
        {
            case 0:
                WriteNumber(output, field);
                break;
            case 1:
                output.WriteTag(field, WireFormat.WireType.Fixed64);
                output.WriteFixed64((ulong)_random.NextInt64());
                break;
            case 2:
                WriteBytes(output, field, Some(_random.Next(300)));
                break;
            case 3:
                WriteFloat(output, field);
                break;
            default:
                output.WriteTag(field, WireFormat.WireType.StartGroup);
                for (int fields = depth < 3 ? _random.Next(3) : 0; fields > 0; fields--)
                {
                    WriteUnknown(output, depth + 1);
                }

                output.WriteTag(field, WireFormat.WireType.EndGroup);
                break;
        }
    }

    private void WriteNumber(CodedOutputStream output, int field)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        ulong number = _random.Next(4) switch
        {
            0 => (ulong)_random.Next(3),
            1 => (ulong)_random.Next(100_000),
            2 => (ulong)_random.NextInt64(),
            _ => ulong.MaxValue - (ulong)_random.Next(3),
        };
        output.WriteUInt64(number);
    }

    private void WriteFloat(CodedOutputStream output, int field)
    {
        output.WriteTag(field, WireFormat.WireType.Fixed32);
        output.WriteFixed32((uint)_random.NextInt64(uint.MaxValue + 1L));
    }

    private void WriteText(CodedOutputStream output, int field)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteString(_random.Next(4) switch { 0 => "", 1 => "points", 2 => "größer 𝛼", _ => new string('c', _random.Next(300)) });
    }

    private static void WriteBytes(CodedOutputStream output, int field, byte[] value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(value));
    }

    private byte[] Some(int length)
    {
        byte[] bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    // One message in three: cut short, or with a byte changed.
    private byte[] Damage(byte[] message)
    {
        if (message.Length == 0 || _random.Next(3) != 0)
        {
            return message;
        }

        if (_random.Next(2) == 0)
        {
            return message[.._random.Next(message.Length)];
        }

        message[_random.Next(message.Length)] = (byte)_random.Next(256);
        return message;
    }
}
