using System.Buffers.Binary;
using System.Text.Unicode;
using AnnServer.Engine.Model;
using Grpc.Core;

namespace AnnServer.Rpc.Searching;

/// <summary>
/// Reads the wire format of protobuf from one piece of memory, by its rules for parsers: fields in any order, unknown ones skipped,
/// numbers cut to the width of their type. What the format does not allow ends in INVALID_ARGUMENT.
/// </summary>
internal ref struct MessageReader(ReadOnlySpan<byte> message)
{
    // As protobuf's own parsers have it.
    private const int MaxGroupDepth = 100;
    private const int MaxVarintBytes = 10;

    private readonly ReadOnlySpan<byte> _message = message;
    private int _position;

    /// <summary>The next tag: field number and wire type. False at the end.</summary>
    public bool TryReadTag(out uint tag)
    {
        if (_position == _message.Length)
        {
            tag = 0;
            return false;
        }

        tag = ReadUInt32();
        if (tag >> 3 == 0)
        {
            throw Malformed("a field has the number 0");
        }

        return true;
    }

    public ulong ReadUInt64()
    {
        // Nearly all numbers here are below 128.
        if (_position < _message.Length && _message[_position] < 0x80)
        {
            return _message[_position++];
        }

        ulong value = 0;
        for (int i = 0; i < MaxVarintBytes; i++)
        {
            if (_position == _message.Length)
            {
                throw Truncated();
            }

            byte next = _message[_position++];
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Malformed("a number has more than 10 bytes");
    }

    public uint ReadUInt32() => (uint)ReadUInt64();

    public bool ReadBool() => ReadUInt64() != 0;

    public float ReadFloat() => BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float)));

    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(sizeof(double)));

    public ReadOnlySpan<byte> ReadBytes()
    {
        int length = (int)ReadUInt32();
        if (length < 0)
        {
            throw Malformed("a length is negative");
        }

        return Take(length);
    }

    /// <summary>The bytes of a string, which are well-formed.</summary>
    public ReadOnlySpan<byte> ReadUtf8()
    {
        ReadOnlySpan<byte> utf8 = ReadBytes();
        return Utf8.IsValid(utf8) ? utf8 : throw Malformed("a string is not UTF-8");
    }

    /// <summary>Passes over the value of an unknown field, or of a known one that came with another wire type.</summary>
    public void Skip(uint tag) => Skip(tag, 0);

    private void Skip(uint tag, int depth)
    {
        switch (tag & 7)
        {
            case WireType.Varint:
                ReadUInt64();
                break;
            case WireType.Fixed64:
                Take(sizeof(ulong));
                break;
            case WireType.Bytes:
                ReadBytes();
                break;
            case WireType.StartGroup:
                SkipGroup(tag >> 3, depth + 1);
                break;
            case WireType.Fixed32:
                Take(sizeof(uint));
                break;
            default:
                throw Malformed($"field {tag >> 3} has the wire type {tag & 7}, where none such can be");
        }
    }

    private void SkipGroup(uint field, int depth)
    {
        if (depth > MaxGroupDepth)
        {
            throw Malformed("groups are nested too deep");
        }

        while (TryReadTag(out uint tag))
        {
            if ((tag & 7) == WireType.EndGroup)
            {
                if (tag >> 3 != field)
                {
                    throw Malformed("a group ends with the tag of another");
                }

                return;
            }

            Skip(tag, depth);
        }

        throw Truncated();
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _message.Length - _position)
        {
            throw Truncated();
        }

        ReadOnlySpan<byte> taken = _message.Slice(_position, length);
        _position += length;
        return taken;
    }

    private static RpcException Truncated() => Malformed("it ends in the middle of a field");

    private static RpcException Malformed(string what) =>
        StatusMapper.ToException(EngineError.Of(EngineStatus.InvalidArgument, $"The message cannot be read: {what}."));
}
