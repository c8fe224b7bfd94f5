using System.Buffers.Binary;
using System.Text;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using AnnServer.Testing.Fuzzing;
using Google.Protobuf;

namespace AnnServer.FunctionalTests.Fuzzing;

/// <summary>What a connection is sent: frames of HTTP/2 as they should be and as they should not, and what is no HTTP/2 at all.</summary>
internal static class ConnectionInputs
{
    private const int MaxFlood = 1500;

    private static readonly byte[] Preface = Encoding.ASCII.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

    private static readonly string[] Texts =
    [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /ann.v1.Points/Search HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n", "GET", "PRI", "PRI * HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "OPTIONS * HTTP/1.0\r\n\r\n", "\r\n\r\n", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00FC\u0003\u0003", "SSH-2.0-x\r\n",
        "GET / HTTP/1.1\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n\r\n",
    ];

    private static readonly byte[] Call = Frame(new SearchRequest { Collection = "kept", Vector = Make.Vector(1, 2, 3, 4), K = 3 }.ToByteArray());

    /// <summary>The last frame, whose answer says that those before it have been dealt with.</summary>
    public static ReadOnlySpan<byte> LastPing => "fuzzfuzz"u8;

    /// <summary>Pieces, each sent on its own.</summary>
    /// <param name="calls">As many as the server answers at most.</param>
    public static List<byte[]> Next(Random random, out int calls)
    {
        calls = 0;
        if (random.Next(12) == 0)
        {
            byte[] text = Encoding.Latin1.GetBytes(random.Next(3) == 0 ? TextMutations.Noise(random.Next(1, 300), random) : Texts[random.Next(Texts.Length)]);
            return random.Next(2) == 0 ? [text] : [text[..(text.Length / 2)], text[(text.Length / 2)..]];
        }

        List<Http2Frame> frames = Sequence(random);
        calls = frames.Count(static frame => frame.Type == Http2Frame.Headers);
        if (random.Next(8) != 0)
        {
            frames = random.Next(5) == 0 ? [.. frames, .. Flood(random)] : Change(frames, random);
        }

        frames.Add(new Http2Frame(Http2Frame.Ping, 0, 0, LastPing.ToArray()));
        byte[] bytes = [.. Preface, .. frames.SelectMany(static frame => frame.ToBytes())];
        for (int changes = random.Next(5) == 0 ? random.Next(1, 4) : 0; changes > 0; changes--)
        {
            bytes = WireMutations.ChangeBytes(bytes, bytes[..Math.Min(bytes.Length, 200)], random);
        }

        if (random.Next(4) != 0)
        {
            return [bytes];
        }

        int cut = random.Next(bytes.Length + 1);
        return [bytes[..cut], bytes[cut..]];
    }

    // A connection on which one to three searches are made.
    private static List<Http2Frame> Sequence(Random random)
    {
        List<Http2Frame> frames = [new(Http2Frame.Settings, 0, 0, NextSettings(random))];
        for (uint call = 0; call < random.Next(1, 4); call++)
        {
            uint stream = (2 * call) + 1;
            byte[] headers = HeaderBlock(random);
            if (random.Next(4) == 0)
            {
                int cut = random.Next(headers.Length + 1);
                frames.Add(new Http2Frame(Http2Frame.Headers, 0, stream, headers[..cut]));
                frames.Add(new Http2Frame(Http2Frame.Continuation, Http2Frame.EndHeaders, stream, headers[cut..]));
            }
            else
            {
                frames.Add(new Http2Frame(Http2Frame.Headers, Http2Frame.EndHeaders, stream, headers));
            }

            if (random.Next(4) == 0)
            {
                // A length of padding that is often beyond the frame.
                byte[] padded = [(byte)random.Next(256), .. Call, .. new byte[random.Next(100)]];
                frames.Add(new Http2Frame(Http2Frame.Data, Http2Frame.EndStream | Http2Frame.Padded, stream, padded));
            }
            else
            {
                frames.Add(new Http2Frame(Http2Frame.Data, Http2Frame.EndStream, stream, Call));
            }
        }

        return frames;
    }

    private static List<Http2Frame> Change(List<Http2Frame> frames, Random random)
    {
        for (int changes = random.Next(1, 5); changes > 0; changes--)
        {
            int at = random.Next(frames.Count);
            Http2Frame frame = frames[at];
            switch (random.Next(11))
            {
                case 0:
                    frames[at] = frame with { Flags = (byte)(frame.Flags ^ (1 << random.Next(8))) };
                    break;
                case 1:
                    frames[at] = frame with { Stream = NextStream(random) };
                    break;
                case 2:
                    frames[at] = frame with { Type = (byte)random.Next(random.Next(4) == 0 ? 256 : 12) };
                    break;
                case 3:
                    frames[at] = frame with { Length = random.Next(random.Next(3) == 0 ? 1 << 24 : frame.Payload.Length + 20) };
                    break;
                case 4 or 5:
                    frames[at] = frame with { Payload = WireMutations.ChangeBytes(frame.Payload, Call, random) };
                    break;
                case 6:
                    frames.Insert(random.Next(frames.Count + 1), frame);
                    break;
                case 7 when frames.Count > 1:
                    frames.RemoveAt(at);
                    break;
                case 8:
                    int other = random.Next(frames.Count);
                    (frames[at], frames[other]) = (frames[other], frame);
                    break;
                default:
                    frames.Insert(random.Next(frames.Count + 1), Odd(random));
                    break;
            }
        }

        return frames;
    }

    private static Http2Frame Odd(Random random)
    {
        byte[] payload = new byte[random.Next(3) == 0 ? random.Next(40) : 4 * random.Next(4)];
        random.NextBytes(payload);
        return random.Next(8) switch
        {
            0 => new Http2Frame(Http2Frame.WindowUpdate, 0, NextStream(random), NextWord(random)),
            1 => new Http2Frame(Http2Frame.ResetStream, 0, NextStream(random), NextWord(random)),
            2 => new Http2Frame(Http2Frame.GoAway, 0, 0, [.. NextWord(random), .. NextWord(random), .. payload]),
            3 => new Http2Frame(Http2Frame.Settings, (byte)random.Next(2), 0, NextSettings(random)),
            4 => new Http2Frame(Http2Frame.Ping, (byte)random.Next(2), 0, new byte[random.Next(4) == 0 ? random.Next(20) : 8]),
            5 => new Http2Frame(Http2Frame.Priority, 0, NextStream(random), [.. NextWord(random), 16]),
            _ => new Http2Frame((byte)random.Next(12), (byte)random.Next(256), NextStream(random), payload),
        };
    }

    // Many of one kind.
    private static IEnumerable<Http2Frame> Flood(Random random)
    {
        int count = random.Next(1, MaxFlood);
        byte[] headers = HeaderBlock(random);
        int kind = random.Next(9);
        return Enumerable.Range(0, count).SelectMany<int, Http2Frame>(i =>
        {
            uint stream = (uint)((2 * i) + 101);
            return kind switch
            {
                0 => [new Http2Frame(Http2Frame.Ping, 0, 0, new byte[8])],
                1 => [new Http2Frame(Http2Frame.Settings, 0, 0, [])],
                // Begun and given up at once.
                2 => [new Http2Frame(Http2Frame.Headers, Http2Frame.EndHeaders, stream, headers), new Http2Frame(Http2Frame.ResetStream, 0, stream, [0, 0, 0, 8])],
                3 => [new Http2Frame(i == 0 ? Http2Frame.Headers : Http2Frame.Continuation, 0, 101, i == 0 ? headers : new byte[random.Next(200)])],
                4 => [new Http2Frame(Http2Frame.WindowUpdate, 0, 0, [0x7F, 0xFF, 0xFF, 0xFF])],
                5 => [i == 0 ? new Http2Frame(Http2Frame.Headers, Http2Frame.EndHeaders, 101, headers) : new Http2Frame(Http2Frame.Data, 0, 101, [])],
                6 => [new Http2Frame(Http2Frame.Headers, Http2Frame.EndHeaders, stream, headers)],
                7 => [new Http2Frame(Http2Frame.Priority, 0, stream, [0, 0, 0, 0, 16])],
                _ => [new Http2Frame(Http2Frame.ResetStream, 0, 1, [0, 0, 0, 8])],
            };
        });
    }

    // Literals that are not to be indexed: a block that needs no table.
    private static byte[] HeaderBlock(Random random)
    {
        List<byte> block = [0x83, 0x86];
        AddHeader(block, ":path", "/ann.v1.Points/Search");
        AddHeader(block, ":authority", "localhost");
        AddHeader(block, "content-type", "application/grpc");
        AddHeader(block, "te", "trailers");
        for (int headers = random.Next(3) == 0 ? random.Next(20) : 0; headers > 0; headers--)
        {
            switch (random.Next(8))
            {
                case 0:
                    block.Add((byte)random.Next(256));
                    break;
                case 1:
                    // An index, or a size of the table, that never ends.
                    block.AddRange([.. Enumerable.Repeat((byte)0xFF, random.Next(1, 12)), 0x0F]);
                    break;
                case 2:
                    AddHeader(block, "X-Upper", "v");
                    break;
                case 3:
                    AddHeader(block, ":status", "200");
                    break;
                case 4:
                    AddHeader(block, "connection", "close");
                    break;
                case 5:
                    // Said to be Huffman's.
                    block.AddRange([0x00, 0x81, (byte)random.Next(256), 0x82, 0xFF, (byte)random.Next(256)]);
                    break;
                case 6:
                    AddHeader(block, "x-long", new string('v', random.Next(3000)));
                    break;
                default:
                    // Into the table, to be had for a byte thereafter.
                    block.AddRange([0x40, 1, (byte)'x', 126, .. new byte[126], 0xBE, 0xBE, 0xBE]);
                    break;
            }
        }

        return [.. block];
    }

    private static void AddHeader(List<byte> block, string name, string value)
    {
        block.Add(0);
        AddText(block, name);
        AddText(block, value);
    }

    private static void AddText(List<byte> block, string text)
    {
        int length = text.Length;
        block.Add((byte)Math.Min(length, 0x7F));
        if (length >= 0x7F)
        {
            for (length -= 0x7F; length >= 0x80; length >>= 7)
            {
                block.Add((byte)(length | 0x80));
            }

            block.Add((byte)length);
        }

        block.AddRange(Encoding.ASCII.GetBytes(text));
    }

    private static byte[] NextSettings(Random random)
    {
        List<byte> settings = [];
        for (int count = random.Next(3) == 0 ? random.Next(6) : 0; count > 0; count--)
        {
            settings.AddRange([0, (byte)random.Next(9), .. NextWord(random)]);
        }

        return [.. settings];
    }

    private static uint NextStream(Random random) => random.Next(5) switch
    {
        0 => 0,
        1 => (uint)random.Next(8),
        2 => 0x7FFFFFFF,
        3 => 0x80000001,
        _ => (uint)random.Next(2000),
    };

    private static byte[] NextWord(Random random)
    {
        byte[] word = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(word, random.Next(5) switch
        {
            0 => 0,
            1 => 0x7FFFFFFF,
            2 => uint.MaxValue,
            3 => (uint)random.Next(20),
            _ => (uint)random.NextInt64(1L << 32),
        });
        return word;
    }

    private static byte[] Frame(byte[] message) => [0, 0, 0, 0, (byte)message.Length, .. message];
}
