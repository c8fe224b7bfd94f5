using System.Buffers;
using System.Buffers.Binary;

namespace AnnServer.LoadGen.Overload;

/// <summary>Cuts what a server sends into frames, and finds the gRPC status in headers and trailers that are written out.</summary>
internal static class FrameReader
{
    private const int FrameHeader = 9;

    private static ReadOnlySpan<byte> StatusName => "\vgrpc-status"u8;

    /// <summary>The next whole frame, whose payload is where <paramref name="payload"/> says until the bytes are given back.</summary>
    public static bool TryRead(ref ReadOnlySequence<byte> bytes, out FrameType type, out byte flags, out int stream, out ReadOnlySequence<byte> payload)
    {
        (type, flags, stream, payload) = (default, 0, 0, default);
        if (bytes.Length < FrameHeader)
            return false;
        Span<byte> header = stackalloc byte[FrameHeader];
        bytes.Slice(0, FrameHeader).CopyTo(header);
        int length = (header[0] << 16) | (header[1] << 8) | header[2];
        if (bytes.Length < FrameHeader + length)
            return false;
        type = (FrameType)header[3];
        flags = header[4];
        stream = BinaryPrimitives.ReadInt32BigEndian(header[5..]) & int.MaxValue;
        payload = bytes.Slice(FrameHeader, length);
        bytes = bytes.Slice(FrameHeader + length);
        return true;
    }

    /// <summary>The status in a block of headers; null where it has none.</summary>
    public static int? Status(ReadOnlySequence<byte> headers)
    {
        ReadOnlySpan<byte> block = headers.IsSingleSegment ? headers.FirstSpan : headers.ToArray();
        int at = block.IndexOf(StatusName);
        if (at < 0 || block.Length <= at + StatusName.Length + 1)
            return null;
        ReadOnlySpan<byte> value = block[(at + StatusName.Length)..];
        return value[0] switch
        {
            1 => value[1] - '0',
            2 when value.Length > 2 => ((value[1] - '0') * 10) + value[2] - '0',
            _ => null,
        };
    }
}
