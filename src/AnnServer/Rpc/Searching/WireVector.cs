using AnnServer.Protocol.V1;

namespace AnnServer.Rpc.Searching;

/// <summary>The vector of a search: read from the bytes of the message into floats that are used again for the next.</summary>
internal sealed class WireVector
{
    private const uint Packed = (Vector.PackedFieldNumber << 3) | WireType.Bytes;
    private const uint PackedValues = (Vector.ValuesFieldNumber << 3) | WireType.Bytes;
    private const uint OneValue = (Vector.ValuesFieldNumber << 3) | WireType.Fixed32;
    private const uint Format = (Vector.FormatFieldNumber << 3) | WireType.Varint;

    private float[] _elements = [];
    private int _values;
    private VectorFormat _format;

    // Where the bytes of the field packed are in the message: what they mean is known when all of it has been read.
    private int _packedStart;
    private int _packedLength;

    /// <summary>The elements; empty where there is a fault.</summary>
    public ReadOnlyMemory<float> Elements { get; private set; }

    /// <summary>What is wrong with it, or null.</summary>
    public string? Fault { get; private set; }

    /// <summary>Starts anew, with memory for no more than <paramref name="keptElements"/>.</summary>
    public void Clear(int keptElements)
    {
        Elements = default;
        Fault = null;
        (_values, _format, _packedStart, _packedLength) = (0, VectorFormat.Unspecified, 0, 0);
        if (_elements.Length > keptElements)
        {
            _elements = [];
        }
    }

    /// <summary>Reads a message <c>Vector</c>; what an earlier one set stays where this one says nothing, as protobuf merges.</summary>
    /// <param name="message">All of the message that it is in.</param>
    public void Merge(ReadOnlySpan<byte> vector, ReadOnlySpan<byte> message)
    {
        MessageReader reader = new(vector);
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case Packed:
                    ReadOnlySpan<byte> packed = reader.ReadBytes();
                    message.Overlaps(packed, out _packedStart);
                    _packedLength = packed.Length;
                    break;
                case PackedValues:
                    AddValues(reader.ReadBytes());
                    break;
                case OneValue:
                    EnsureRoom(_values + 1);
                    _elements[_values++] = reader.ReadFloat();
                    break;
                case Format:
                    _format = (VectorFormat)reader.ReadUInt32();
                    break;
                default:
                    reader.Skip(tag);
                    break;
            }
        }
    }

    /// <summary>Ends the reading, while the message is still there.</summary>
    public void Complete(ReadOnlySpan<byte> message)
    {
        if (_packedLength == 0)
        {
            Elements = _elements.AsMemory(0, _values);
            Fault = _values == 0 ? VectorMapper.Missing : null;
            return;
        }

        if (_values > 0)
        {
            Fault = VectorMapper.Both;
            return;
        }

        ReadOnlySpan<byte> packed = message.Slice(_packedStart, _packedLength);
        int elements = VectorMapper.CountElements(packed, _format, out string? fault);
        Fault = fault;
        EnsureRoom(elements);
        VectorMapper.Unpack(packed, _format, _elements.AsSpan(0, elements));
        Elements = _elements.AsMemory(0, elements);
    }

    private void AddValues(ReadOnlySpan<byte> values)
    {
        EnsureRoom(_values + (values.Length / sizeof(float)));
        MessageReader reader = new(values);
        for (int end = values.Length; end > 0; end -= sizeof(float))
        {
            // Ends in a malformed message where the last is not whole.
            _elements[_values++] = reader.ReadFloat();
        }
    }

    private void EnsureRoom(int elements)
    {
        if (elements > _elements.Length)
        {
            Array.Resize(ref _elements, Math.Max(elements, Math.Min(2 * _elements.Length, Array.MaxLength)));
        }
    }
}
