using System.Buffers;
using System.Buffers.Binary;

namespace AnnServer.Engine.Attributes;

/// <summary>Writes the primitives of the attribute format.</summary>
internal readonly struct BlobWriter(ArrayBufferWriter<byte> target)
{
    public void WriteByte(byte value)
    {
        target.GetSpan(1)[0] = value;
        target.Advance(1);
    }

    public void WriteVarint(ulong value)
    {
        Span<byte> span = target.GetSpan(10);
        int length = 0;
        while (value >= 0x80)
        {
            span[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[length++] = (byte)value;
        target.Advance(length);
    }

    public void WriteSigned(long value) => WriteVarint((ulong)(value << 1) ^ (ulong)(value >> 63));

    public void WriteFixed(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(target.GetSpan(sizeof(long)), value);
        target.Advance(sizeof(long));
    }

    public void WriteString(string value)
    {
        int length = Utf8Order.Strict.GetByteCount(value);
        WriteVarint((uint)length);
        Utf8Order.Strict.GetBytes(value, target.GetSpan(length));
        target.Advance(length);
    }

    public void WritePrefixed(ReadOnlySpan<byte> bytes)
    {
        WriteVarint((uint)bytes.Length);
        target.Write(bytes);
    }
}
