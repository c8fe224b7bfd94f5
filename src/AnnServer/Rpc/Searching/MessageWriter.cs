using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Google.Protobuf;

namespace AnnServer.Rpc.Searching;

/// <summary>Writes the wire format of protobuf into memory that is used again.</summary>
internal sealed class MessageWriter
{
    private const int MaxVarintBytes = 10;
    private const int InitialBytes = 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(InitialBytes);

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public void WriteTag(uint tag) => WriteUInt64(tag);

    public void WriteUInt64(ulong value) => Length += Put(value, Room(MaxVarintBytes));

    public void WriteFloat(float value)
    {
        BinaryPrimitives.WriteSingleLittleEndian(Room(sizeof(float)), value);
        Length += sizeof(float);
    }

    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteUInt64((uint)value.Length);
        value.CopyTo(Room(value.Length));
        Length += value.Length;
    }

    public void WriteString(string value)
    {
        int bytes = Encoding.UTF8.GetByteCount(value);
        WriteUInt64((uint)bytes);
        Encoding.UTF8.GetBytes(value, Room(bytes));
        Length += bytes;
    }

    public void WriteMessage(IMessage message)
    {
        int bytes = message.CalculateSize();
        WriteUInt64((uint)bytes);
        message.WriteTo(Room(bytes)[..bytes]);
        Length += bytes;
    }

    /// <summary>Leaves room for the length of what is written until <see cref="End"/>: one byte, as nearly all are short.</summary>
    public int Begin()
    {
        Room(1);
        return ++Length;
    }

    /// <param name="begin">What <see cref="Begin"/> returned.</param>
    public void End(int begin)
    {
        int bytes = Length - begin;
        int lengthBytes = Math.Max(1, (38 - BitOperations.LeadingZeroCount((uint)bytes)) / 7);
        if (lengthBytes > 1)
        {
            Room(lengthBytes);
            _buffer.AsSpan(begin, bytes).CopyTo(_buffer.AsSpan(begin + lengthBytes - 1));
        }

        Put((uint)bytes, _buffer.AsSpan(begin - 1));
        Length += lengthBytes - 1;
    }

    /// <summary>Starts anew, with memory for no more than <paramref name="keptBytes"/>.</summary>
    public void Clear(int keptBytes)
    {
        Length = 0;
        if (_buffer.Length > keptBytes)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(InitialBytes);
        }
    }

    private static int Put(ulong value, Span<byte> room)
    {
        int count = 0;
        while (value >= 0x80)
        {
            room[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        room[count++] = (byte)value;
        return count;
    }

    private Span<byte> Room(int bytes)
    {
        if (bytes > _buffer.Length - Length)
        {
            byte[] grown = ArrayPool<byte>.Shared.Rent(Math.Max(checked(Length + bytes), Math.Min(_buffer.Length, Array.MaxLength / 2) * 2));
            Written.CopyTo(grown);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = grown;
        }

        return _buffer.AsSpan(Length);
    }
}
