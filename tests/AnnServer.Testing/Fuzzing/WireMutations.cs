namespace AnnServer.Testing.Fuzzing;

/// <summary>
/// Damages messages of protobuf: byte by byte, and field by field, down to messages within messages, whose lengths are then right again, or
/// not.
/// </summary>
public static class WireMutations
{
    private const int MaxBytes = 1 << 16;

    /// <summary>The message after one to six changes.</summary>
    /// <param name="other">A message of which fields may be put into it.</param>
    public static byte[] Mutate(byte[] message, byte[] other, Random random)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(random);
        for (int changes = 1 + (random.Next(3) * random.Next(3)); changes > 0; changes--)
        {
            message = random.Next(3) == 0 ? ChangeBytes(message, other, random) : ChangeFields(message, other, 0, random);
            message = message.Length > MaxBytes ? message[..MaxBytes] : message;
        }

        return message;
    }

    /// <summary>One change that knows nothing of what the bytes mean.</summary>
    public static byte[] ChangeBytes(byte[] bytes, byte[] other, Random random)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(random);
        int at = random.Next(bytes.Length + 1);
        int length = Math.Min(bytes.Length - at, random.Next(random.Next(1, 40)));
        switch (random.Next(8))
        {
            case 0 or 1 or 2 when at < bytes.Length:
                byte[] flipped = [.. bytes];
                flipped[at] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 3 when at < bytes.Length:
                byte[] set = [.. bytes];
                set[at] = random.Next(3) switch { 0 => 0xFF, 1 => 0x80, _ => (byte)random.Next(256) };
                return set;
            case 4:
                return bytes[..at];
            case 5:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 6:
                return [.. bytes[..(at + length)], .. bytes[at..]];
            default:
                int from = random.Next(other.Length + 1);
                return [.. bytes[..at], .. other[from..(from + random.Next(other.Length - from + 1))], .. bytes[at..]];
        }
    }

    private static byte[] ChangeFields(byte[] message, byte[] other, int depth, Random random)
    {
        List<WireField> fields = WireField.Split(message);
        int chosen = fields.Count == 0 ? -1 : random.Next(fields.Count);
        if (chosen < 0)
        {
            return Invented(random);
        }

        WireField field = fields[chosen];
        switch (random.Next(9))
        {
            case 0 or 1 or 2 when field.Type == WireField.Bytes && depth < 12:
                fields[chosen] = field with { Value = WithLength(ChangeFields(field.Content, other, depth + 1, random), random) };
                break;
            case 3:
                // The right bytes under another type, or another number.
                fields[chosen] = random.Next(2) == 0
                    ? field with { Tag = (field.Tag & ~7u) | (uint)random.Next(8) }
                    : field with { Tag = ((uint)random.Next(1, 20) << 3) | (field.Tag & 7) };
                break;
            case 4:
                fields.Insert(random.Next(fields.Count + 1), field);
                break;
            case 5:
                fields.RemoveAt(chosen);
                break;
            case 6:
                List<WireField> others = WireField.Split(other);
                fields.Insert(random.Next(fields.Count + 1), others.Count == 0 ? field : others[random.Next(others.Count)]);
                break;
            case 7 when field.Type == WireField.Varint:
                fields[chosen] = field with { Value = Varint(NextNumber(random), random.Next(12)) };
                break;
            case 7 when field.Type == WireField.Bytes:
                fields[chosen] = field with { Value = [.. Varint(NextNumber(random), random.Next(12)), .. field.Content] };
                break;
            default:
                fields.Insert(random.Next(fields.Count + 1), new WireField(0, Invented(random)));
                break;
        }

        return [.. fields.SelectMany(static one => one.ToBytes())];
    }

    // A field that is nowhere declared, of any type; groups too, deep ones, and such as do not end.
    private static byte[] Invented(Random random)
    {
        uint number = random.Next(4) == 0 ? (uint)random.NextInt64(1L << 29) : (uint)random.Next(1, 40);
        uint type = (uint)random.Next(8);
        byte[] tag = Varint((number << 3) | type, random.Next(8) == 0 ? random.Next(12) : 0);
        byte[] value = new byte[random.Next(20)];
        random.NextBytes(value);
        switch (type)
        {
            case WireField.Varint:
                return [.. tag, .. Varint(NextNumber(random), random.Next(12))];
            case WireField.Bytes:
                return [.. tag, .. WithLength(value, random)];
            case WireField.StartGroup:
                int depth = random.Next(4) == 0 ? random.Next(130) : random.Next(4);
                byte[] end = Varint((number << 3) | WireField.EndGroup, 0);
                IEnumerable<byte> opened = Enumerable.Repeat(tag, depth + 1).SelectMany(static one => one);
                IEnumerable<byte> closed = Enumerable.Repeat(end, random.Next(4) == 0 ? random.Next(depth + 3) : depth + 1).SelectMany(static one => one);
                return [.. opened, .. closed];
            default:
                return [.. tag, .. value];
        }
    }

    // In three of four cases as long as it is.
    private static byte[] WithLength(byte[] content, Random random)
    {
        ulong length = random.Next(4) != 0 ? (ulong)content.Length : random.Next(4) switch
        {
            0 => (ulong)random.Next(2 * (content.Length + 1)),
            1 => (ulong)content.Length + 1,
            2 => (ulong)random.NextInt64(1L << 33),
            _ => ulong.MaxValue - (ulong)random.Next(3),
        };
        return [.. Varint(length, random.Next(10) == 0 ? random.Next(12) : 0), .. content];
    }

    private static ulong NextNumber(Random random) => random.Next(5) switch
    {
        0 => (ulong)random.Next(4),
        1 => (ulong)random.Next(100_000),
        2 => (ulong)random.NextInt64(),
        3 => (1UL << random.Next(64)) - (ulong)random.Next(2),
        _ => ulong.MaxValue - (ulong)random.Next(3),
    };

    /// <summary>A number in at least so many bytes: more than it needs, or more than are allowed.</summary>
    private static byte[] Varint(ulong number, int bytes)
    {
        List<byte> written = [];
        while (number >= 0x80 || written.Count + 1 < bytes)
        {
            written.Add((byte)(number | 0x80));
            number >>= 7;
        }

        written.Add((byte)number);
        return [.. written];
    }

    private readonly record struct WireField(uint Tag, byte[] Value)
    {
        public const uint Varint = 0;
        public const uint Bytes = 2;
        public const uint StartGroup = 3;
        public const uint EndGroup = 4;

        public uint Type => Tag & 7;

        /// <summary>What follows the length.</summary>
        public byte[] Content => Value[Array.FindIndex(Value, static one => one < 0x80)..][1..];

        public byte[] ToBytes() => Tag == 0 ? Value : [.. WireMutations.Varint(Tag, 0), .. Value];

        /// <summary>The fields of a message as far as it has any; what comes then is one of the tag 0.</summary>
        public static List<WireField> Split(byte[] message)
        {
            List<WireField> fields = [];
            int at = 0;
            while (at < message.Length && TryRead(message, ref at) is { } field)
            {
                fields.Add(field);
            }

            if (at < message.Length)
            {
                fields.Add(new WireField(0, message[at..]));
            }

            return fields;
        }

        private static WireField? TryRead(byte[] message, ref int start)
        {
            int at = start;
            if (!TryReadVarint(message, ref at, out ulong tag) || tag is 0 or > uint.MaxValue)
            {
                return null;
            }

            int value = at;
            long end = (tag & 7) switch
            {
                Varint => TryReadVarint(message, ref at, out _) ? at : -1,
                1 => at + sizeof(ulong),
                Bytes => TryReadVarint(message, ref at, out ulong length) && length <= (ulong)(message.Length - at) ? at + (long)length : -1,
                5 => at + sizeof(uint),
                _ => -1,
            };
            if (end < 0 || end > message.Length)
            {
                return null;
            }

            start = (int)end;
            return new WireField((uint)tag, message[value..start]);
        }

        private static bool TryReadVarint(byte[] message, ref int at, out ulong number)
        {
            number = 0;
            for (int shift = 0; shift < 64 && at < message.Length; shift += 7)
            {
                byte next = message[at++];
                number |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
