using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace AnnServer.Engine.Attributes;

/// <summary>Reads the primitives of the attribute format; refuses to read past the end.</summary>
internal ref struct BlobReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool AtEnd => _rest.IsEmpty;

    public byte ReadByte()
    {
        if (_rest.IsEmpty)
        {
            ThrowMalformed("it ends too early");
        }

        byte value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    public ulong ReadVarint()
    {
        // Nearly every number of a record is a length below 128.
        if (!_rest.IsEmpty && _rest[0] < 0x80)
        {
            ulong small = _rest[0];
            _rest = _rest[1..];
            return small;
        }

        return ReadLongVarint();
    }

    private ulong ReadLongVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte part = ReadByte();
            if (shift == 63 && part > 1)
            {
                break;
            }

            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        ThrowMalformed("a number is longer than 64 bits");
        return 0;
    }

    public long ReadSigned()
    {
        ulong zigzag = ReadVarint();
        return (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
    }

    public long ReadFixed()
    {
        ReadOnlySpan<byte> bytes = ReadBytes(sizeof(long));
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    public void SkipFixed() => ReadBytes(sizeof(long));

    public ReadOnlySpan<byte> ReadPrefixed()
    {
        ulong length = ReadVarint();
        if (length > (ulong)_rest.Length)
        {
            ThrowMalformed("a length reaches past its end");
        }

        return ReadBytes((int)length);
    }

    [DoesNotReturn]
    public static void ThrowMalformed(string why) => throw new InvalidDataException($"The attribute record is damaged: {why}.");

    public ReadOnlySpan<byte> ReadBytes(int length)
    {
        if (length > _rest.Length)
        {
            ThrowMalformed("it ends too early");
        }

        ReadOnlySpan<byte> bytes = _rest[..length];
        _rest = _rest[length..];
        return bytes;
    }
}
