using System.Buffers.Binary;
using System.Text;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections;

/// <summary>Reads what <see cref="RecordWriter"/> wrote. Anything that does not fit is an <see cref="InvalidDataException"/>.</summary>
internal ref struct RecordReader(ReadOnlySpan<byte> payload)
{
    private ReadOnlySpan<byte> _rest = payload;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public byte ReadByte() => Take(1)[0];

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public PointId ReadId() => ReadByte() switch
    {
        RecordWriter.NumberTag => PointId.FromNumber(ReadUInt64()),
        RecordWriter.KeyTag => PointId.FromKey(Encoding.UTF8.GetString(Take(ReadUInt16()))),
        byte tag => throw new InvalidDataException($"An identifier has the unknown tag {tag}."),
    };

    public ReadOnlySpan<byte> ReadBytes() => Take(checked((int)ReadUInt32()));

    /// <summary>All that is left.</summary>
    public ReadOnlySpan<byte> ReadRest() => Take(_rest.Length);

    public void ReadVector(Span<float> vector)
    {
        ReadOnlySpan<byte> source = Take(vector.Length * sizeof(float));
        for (int i = 0; i < vector.Length; i++)
        {
            vector[i] = BinaryPrimitives.ReadSingleLittleEndian(source[(i * sizeof(float))..]);
        }
    }

    public uint[] ReadOrdinals()
    {
        uint count = ReadUInt32();
        if (count > _rest.Length / sizeof(uint))
        {
            throw new InvalidDataException($"A record names {count} ordinals and holds {_rest.Length / sizeof(uint)}.");
        }

        var ordinals = new uint[count];
        ReadOrdinals(ordinals);
        return ordinals;
    }

    public void ReadOrdinals(Span<uint> ordinals)
    {
        ReadOnlySpan<byte> source = Take(ordinals.Length * sizeof(uint));
        for (int i = 0; i < ordinals.Length; i++)
        {
            ordinals[i] = BinaryPrimitives.ReadUInt32LittleEndian(source[(i * sizeof(uint))..]);
        }
    }

    private ReadOnlySpan<byte> Take(int bytes)
    {
        if (bytes > _rest.Length)
        {
            throw new InvalidDataException($"A record ends {bytes - _rest.Length} bytes too early.");
        }

        ReadOnlySpan<byte> taken = _rest[..bytes];
        _rest = _rest[bytes..];
        return taken;
    }
}
