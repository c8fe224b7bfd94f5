using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;

namespace AnnServer.LoadGen.Overload;

/// <summary>
/// A unary gRPC request as the HTTP/2 frames it travels in, made once: all that differs from one sending to the next is the number of the
/// stream. Headers are written out without tables, so that no frame depends on those before it.
/// </summary>
internal sealed class RequestImage
{
    private const int FrameHeader = 9;
    private const int MostData = 16 * 1024;
    private const byte DataFrame = 0;
    private const byte HeadersFrame = 1;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;

    // Of HPACK: entries 3 and 6 of the static table, and names at 1, 4 and 31 of it with a value that follows.
    private const byte MethodPost = 0x83;
    private const byte SchemeHttp = 0x86;
    private const byte Authority = 0x01;
    private const byte PathName = 0x04;
    private static readonly byte[] ContentType = [0x0F, 0x10];

    private readonly byte[] _bytes;
    private readonly List<int> _streamPositions = [];

    /// <param name="path">As in <c>/ann.v1.Points/Search</c>.</param>
    /// <param name="timeout">The deadline that the server is told; null for none.</param>
    /// <param name="isWhole">False for a request that stops in the middle of its message, or a stream that is not ended.</param>
    public RequestImage(string authority, string path, TimeSpan? timeout, ReadOnlySpan<byte> body, bool isWhole = true)
    {
        MemoryStream bytes = new();
        byte[] headers = Headers(authority, path, timeout);
        Begin(bytes, headers.Length, HeadersFrame, EndHeaders);
        bytes.Write(headers);
        for (int at = 0; at < body.Length; at += MostData)
        {
            ReadOnlySpan<byte> part = body[at..Math.Min(at + MostData, body.Length)];
            Begin(bytes, part.Length, DataFrame, isWhole && at + part.Length == body.Length ? EndStream : (byte)0);
            bytes.Write(part);
        }
        DataBytes = body.Length;
        _bytes = bytes.ToArray();
    }

    public int Length => _bytes.Length;

    /// <summary>What counts against the window of the connection.</summary>
    public int DataBytes { get; }

    /// <summary>The message with its prefix of five bytes.</summary>
    public static byte[] Frame(IMessage message)
    {
        byte[] framed = new byte[5 + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), framed.Length - 5);
        message.WriteTo(framed.AsSpan(5));
        return framed;
    }

    public void CopyTo(Span<byte> target, int stream)
    {
        _bytes.CopyTo(target);
        foreach (int position in _streamPositions)
            BinaryPrimitives.WriteInt32BigEndian(target[position..], stream);
    }

    private void Begin(MemoryStream bytes, int length, byte type, byte flags)
    {
        _streamPositions.Add((int)bytes.Length + FrameHeader - sizeof(int));
        bytes.Write([(byte)(length >> 16), (byte)(length >> 8), (byte)length, type, flags, 0, 0, 0, 0]);
    }

    private static byte[] Headers(string authority, string path, TimeSpan? timeout)
    {
        MemoryStream headers = new();
        headers.Write([MethodPost, SchemeHttp, PathName]);
        Text(path);
        headers.WriteByte(Authority);
        Text(authority);
        headers.Write(ContentType);
        Text("application/grpc");
        Named("te", "trailers");
        if (timeout is { } time)
            Named("grpc-timeout", $"{(long)time.TotalMilliseconds}m");
        return headers.ToArray();

        void Named(string name, string value)
        {
            headers.WriteByte(0);
            Text(name);
            Text(value);
        }

        void Text(string text)
        {
            // Longer ones have a length of several bytes.
            ArgumentOutOfRangeException.ThrowIfGreaterThan(text.Length, 126);
            headers.WriteByte((byte)text.Length);
            headers.Write(Encoding.ASCII.GetBytes(text));
        }
    }
}
