using System.Buffers.Binary;

namespace AnnServer.FunctionalTests.Fuzzing;

/// <summary>A frame of HTTP/2, RFC 9113, with a length that may be a lie.</summary>
internal sealed record Http2Frame(byte Type, byte Flags, uint Stream, byte[] Payload)
{
    public const int HeaderBytes = 9;

    public const byte Data = 0;
    public const byte Headers = 1;
    public const byte Priority = 2;
    public const byte ResetStream = 3;
    public const byte Settings = 4;
    public const byte PushPromise = 5;
    public const byte Ping = 6;
    public const byte GoAway = 7;
    public const byte WindowUpdate = 8;
    public const byte Continuation = 9;

    public const byte EndStream = 1;
    public const byte Ack = 1;
    public const byte EndHeaders = 4;
    public const byte Padded = 8;

    /// <summary>What the frame says of itself; null for what it has.</summary>
    public int? Length { get; init; }

    public byte[] ToBytes()
    {
        byte[] bytes = new byte[HeaderBytes + Payload.Length];
        int length = Length ?? Payload.Length;
        (bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]) = ((byte)(length >> 16), (byte)(length >> 8), (byte)length, Type, Flags);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(5), Stream);
        Payload.CopyTo(bytes, HeaderBytes);
        return bytes;
    }

    /// <summary>The frames of what a server has sent, and how many bytes make none at the end.</summary>
    public static List<Http2Frame> Split(ReadOnlySpan<byte> bytes, out int left)
    {
        List<Http2Frame> frames = [];
        while (bytes.Length >= HeaderBytes)
        {
            int length = (bytes[0] << 16) | (bytes[1] << 8) | bytes[2];
            if (bytes.Length < HeaderBytes + length)
            {
                break;
            }

            uint stream = BinaryPrimitives.ReadUInt32BigEndian(bytes[5..]);
            frames.Add(new Http2Frame(bytes[3], bytes[4], stream, bytes.Slice(HeaderBytes, length).ToArray()));
            bytes = bytes[(HeaderBytes + length)..];
        }

        left = bytes.Length;
        return frames;
    }
}
