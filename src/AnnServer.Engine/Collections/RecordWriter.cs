using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using AnnServer.Core.Graph;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Collections;

/// <summary>
/// Builds the payload of one log record, little-endian, as is every processor this is built for. Grows once and is used again; owned
/// by one commit lock.
/// </summary>
internal sealed class RecordWriter
{
    /// <summary>Tags of an identifier; part of the stored format.</summary>
    internal const byte NumberTag = 0;
    internal const byte KeyTag = 1;

    /// <summary>Ordinals of one record, which so stays far below a page of the log.</summary>
    internal const int MaxOrdinals = 100_000;

    private byte[] _buffer = new byte[4096];
    private int _length;

    public ReadOnlySpan<byte> Payload => _buffer.AsSpan(0, _length);

    public void Clear() => _length = 0;

    public void WriteByte(byte value) => Reserve(1)[0] = value;

    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Reserve(2), value);

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Reserve(4), value);

    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), value);

    public void WriteId(PointId id)
    {
        if (id.Key is null)
        {
            WriteByte(NumberTag);
            WriteUInt64(id.Number);
            return;
        }

        WriteByte(KeyTag);
        int bytes = Encoding.UTF8.GetByteCount(id.Key);
        WriteUInt16((ushort)bytes);
        Encoding.UTF8.GetBytes(id.Key, Reserve(bytes));
    }

    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        WriteUInt32((uint)bytes.Length);
        bytes.CopyTo(Reserve(bytes.Length));
    }

    /// <summary>A vector as the index keeps it, as floats without a count: the dimension of the collection says how many.</summary>
    public void WriteVector(VectorIndex index, uint ordinal) =>
        index.CopyVector(ordinal, MemoryMarshal.Cast<byte, float>(Reserve(index.Parameters.Dimension * sizeof(float))));

    public void WriteOrdinals(ReadOnlySpan<uint> ordinals)
    {
        WriteUInt32((uint)ordinals.Length);
        WriteElements(ordinals);
    }

    /// <summary>Rows of the graph as they are now.</summary>
    public void WriteRows(VectorIndex index, IReadOnlyList<RowKey> rows)
    {
        WriteUInt32((uint)rows.Count);
        for (int i = 0; i < rows.Count; i++)
        {
            WriteRow(rows[i], index.Links(rows[i]));
        }
    }

    public void WriteRow(RowKey row, ReadOnlySpan<uint> links)
    {
        Span<byte> head = Reserve(sizeof(uint) + 1 + sizeof(ushort));
        BinaryPrimitives.WriteUInt32LittleEndian(head, row.Ordinal);
        head[4] = (byte)row.Layer;
        BinaryPrimitives.WriteUInt16LittleEndian(head[5..], (ushort)links.Length);
        WriteElements(links);
    }

    /// <summary>Room for bytes that the caller fills in.</summary>
    public Span<byte> Append(int bytes) => Reserve(bytes);

    /// <summary>Bytes of the payload, to be filled in later.</summary>
    public Span<byte> Written(int start, int bytes) => _buffer.AsSpan(0, _length).Slice(start, bytes);

    private void WriteElements(ReadOnlySpan<uint> elements)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(elements);
        bytes.CopyTo(Reserve(bytes.Length));
    }

    private Span<byte> Reserve(int bytes)
    {
        if (_length + bytes > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_length + bytes, _buffer.Length * 2));
        }

        Span<byte> target = _buffer.AsSpan(_length, bytes);
        _length += bytes;
        return target;
    }
}
