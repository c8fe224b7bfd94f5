using System.Buffers.Binary;
using System.IO.Compression;
using AnnServer.Protocol.V1;
using AnnServer.Testing.Fuzzing;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Health.V1;
using Grpc.Reflection.V1;

namespace AnnServer.FunctionalTests.Fuzzing;

/// <summary>Calls of every method that the server has, right and wrong, each made of a seed and its index.</summary>
internal sealed class CallInputs
{
    private const int PrefixBytes = 5;

    public static readonly string[] Collections = ["points", "others", "fuzz-a", "fuzz-b"];

    private static readonly string[] Expressions =
    [
        "year > 2000", "lang = en OR lang = fr", "tags:(a OR b) AND NOT draft = true", "text_match(title, \"quick bro*\")",
        "geo_radius(place, 1, 1, 100000)", "free:*", "year = x", "(((", "", "created >= \"2024-01-01T00:00:00Z\"",
    ];

    // None of them is a time, or one that passes.
    private static readonly string[] Timeouts =
    [
        "", "1", "S", "abc", "-1S", "+1S", "1.5S", "1s", "123456789S", "99999999H", "1S1S", "1S, 2S", "\u0663S", "0x1S", "99999999999999999999S", "00000000n",
    ];

    private static readonly string[] ShortTimeouts = ["1n", "1u", "00000001m", " 5m", "5m "];

    private static readonly string[] Encodings = ["gzip", "deflate", "identity", "", "br", "GZIP", "gzip, gzip", "x-unknown"];

    private static readonly string[] ContentTypes =
    [
        "application/grpc+proto", "application/grpc+json", "application/grpc;charset=utf-8", "application/grpcx", "application/json", "text/plain",
        "APPLICATION/GRPC", "application/grpc-web", "application/grpc,application/grpc", "application/", "",
    ];

    private static readonly string[] Paths =
    [
        "/", "//", "/ann.v1.Points", "/ann.v1.Points/", "/ann.v1.Points/Nothing", "/ann.v1.Nothing/Search", "/ann.v1.points/search", "/ann.v1.Points/Search/",
        "/ann.v1.Points//Search", "/ann.v1.Points/Search?x=1", "/ann.v1.Points/%53earch", "/%00", "/..", "/ann.v1.Points/../ann.v1.Points/Search", "/healthz",
        "/metrics", "/%FF%FE", "/ann.v1.Points/Search#x", "/*",
    ];

    private static readonly string[] Verbs = ["GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "FOO", "post"];

    private static readonly MethodDescriptor[] Methods =
    [
        .. new[]
        {
            CollectionsReflection.Descriptor, PointsReflection.Descriptor, AdminReflection.Descriptor, HealthReflection.Descriptor,
            ReflectionReflection.Descriptor,
        }.SelectMany(static file => file.Services).SelectMany(static service => service.Methods),
    ];

    private readonly RandomMessages _messages = new([.. Collections, ""], Expressions);

    public CallInput Next(Random random)
    {
        MethodDescriptor method = NextMethod(random);
        List<byte[]> frames = [];
        for (int messages = method.IsClientStreaming ? random.Next(4) : 1; messages > 0; messages--)
        {
            frames.Add(Frame(NextMessage(method, random)));
        }

        // A watch would go on for ever.
        CallFault fault = method.Name == "Watch" ? CallFault.Timeout : random.Next(3) != 0 ? CallFault.None : (CallFault)(1 << random.Next(6));
        string? encoding = null;
        if (fault == CallFault.Framing)
        {
            encoding = Misframe(frames, method, random);
        }

        CallInput call = new(method, PathOf(method, fault, random), [.. frames.SelectMany(static frame => frame)], fault)
        {
            Verb = fault == CallFault.Verb ? Verbs[random.Next(Verbs.Length)] : "POST",
            ContentType = fault != CallFault.ContentType ? "application/grpc" : random.Next(8) == 0 ? null : ContentTypes[random.Next(ContentTypes.Length)],
        };
        if (encoding is not null)
        {
            call.Headers.Add(("grpc-encoding", encoding));
        }

        if (method.Name == "Watch")
        {
            call.Headers.Add(("grpc-timeout", "5m"));
        }
        else if (fault == CallFault.Timeout)
        {
            // A write that is given up may yet be made.
            string[] timeouts = call.Writes || random.Next(2) == 0 ? Timeouts : ShortTimeouts;
            call.Headers.Add(("grpc-timeout", timeouts[random.Next(timeouts.Length)]));
        }

        if (fault == CallFault.Headers)
        {
            AddHeaders(call, random);
        }

        return call;
    }

    /// <summary>What the messages of a body are, where all of its frames are whole; null where one is not.</summary>
    public static List<byte[]>? Unframe(byte[] body)
    {
        List<byte[]> messages = [];
        int at = 0;
        while (at < body.Length)
        {
            if (body.Length - at < PrefixBytes || body[at] != 0)
            {
                return null;
            }

            uint length = BinaryPrimitives.ReadUInt32BigEndian(body.AsSpan(at + 1));
            if (length > body.Length - at - PrefixBytes)
            {
                return null;
            }

            messages.Add(body[(at + PrefixBytes)..(at + PrefixBytes + (int)length)]);
            at += PrefixBytes + (int)length;
        }

        return messages;
    }

    // What takes long, or changes everything, comes seldom.
    private static MethodDescriptor NextMethod(Random random)
    {
        MethodDescriptor method = Methods[random.Next(Methods.Length)];
        bool isSeldom = method.Name is "Checkpoint" or "Backup" or "Restore" or "DeleteCollection" or "AuditGraph" or "Watch";
        return isSeldom && random.Next(method.Name is "Checkpoint" or "Restore" or "Backup" ? 200 : 10) != 0 ? NextMethod(random) : method;
    }

    private byte[] NextMessage(MethodDescriptor method, Random random)
    {
        byte[] message = _messages.Next(method.InputType, random).ToByteArray();
        return random.Next(3) == 0 ? message : WireMutations.Mutate(message, message, random);
    }

    private static byte[] Frame(byte[] message, byte flag = 0)
    {
        byte[] frame = new byte[PrefixBytes + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame, PrefixBytes);
        return frame;
    }

    // Returns the encoding that is said, if any.
    private string? Misframe(List<byte[]> frames, MethodDescriptor method, Random random)
    {
        byte[] message = NextMessage(method, random);
        byte[] frame = Frame(message);
        switch (random.Next(10))
        {
            case 0:
                BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), random.Next(3) switch
                {
                    0 => (uint)random.Next(message.Length + 10),
                    1 => (uint)random.NextInt64(1L << 32),
                    _ => uint.MaxValue,
                });
                frames.Add(frame);
                return null;
            case 1:
                frames.Add(frame[..random.Next(frame.Length)]);
                return null;
            case 2:
                frames.Clear();
                return null;
            case 3:
                frames.AddRange(Enumerable.Repeat(frame, random.Next(1, 4)));
                return null;
            case 4:
                frames.Add(WireMutations.ChangeBytes([], message, random));
                return null;
            case 5:
                frame[0] = (byte)random.Next(1, 256);
                frames.Insert(0, frame);
                return random.Next(2) == 0 ? Encodings[random.Next(Encodings.Length)] : null;
            case 6:
                Leave(frames, Frame(WireMutations.ChangeBytes(Compress(message, random.Next(2) == 0), message, random), 1));
                return Encodings[random.Next(Encodings.Length)];
            case 7:
                Leave(frames, Frame(Compress(message, isGzip: true), 1));
                return "gzip";
            case 8 when random.Next(10) == 0:
                // A thousand times as long as it is sent.
                Leave(frames, Frame(Compress(new byte[random.Next(2) == 0 ? 40 << 20 : 900_000], isGzip: true), 1));
                return "gzip";
            default:
                frames.Add(random.Next(10) == 0 ? Frame(new byte[FuzzedServer.MaxMessageBytes + random.Next(2)]) : frame[..Math.Min(frame.Length, 3)]);
                return null;
        }
    }

    private static void Leave(List<byte[]> frames, byte[] only)
    {
        frames.Clear();
        frames.Add(only);
    }

    private static byte[] Compress(byte[] message, bool isGzip)
    {
        using MemoryStream compressed = new();
        using (Stream stream = isGzip ? new GZipStream(compressed, CompressionLevel.Fastest) : new ZLibStream(compressed, CompressionLevel.Fastest))
        {
            stream.Write(message);
        }

        return compressed.ToArray();
    }

    private static string PathOf(MethodDescriptor method, CallFault fault, Random random)
    {
        string path = $"/{method.Service.FullName}/{method.Name}";
        return fault != CallFault.Path ? path : random.Next(4) switch
        {
            0 => path + new string('x', random.Next(9000)),
            1 => path[..random.Next(1, path.Length)],
            _ => Paths[random.Next(Paths.Length)],
        };
    }

    private static void AddHeaders(CallInput call, Random random)
    {
        for (int headers = random.Next(1, random.Next(4) == 0 ? 150 : 6); headers > 0; headers--)
        {
            call.Headers.Add(random.Next(12) switch
            {
                0 => ($"x-{random.Next(1000)}-bin", "!!! no base64 ==="),
                1 => ($"x-{random.Next(1000)}-bin", Convert.ToBase64String(new byte[random.Next(100)]).TrimEnd('=')),
                2 => ("x-long", new string('v', random.Next(20_000))),
                3 => ("x-odd", "\u00E9\u00FF\t\u0080"),
                4 => ("traceparent", random.Next(2) == 0 ? "00-zz-1-01" : $"00-{new string('a', 32)}-{new string('b', 16)}-ff"),
                5 => ("authorization", random.Next(2) == 0 ? "Bearer x.y.z" : "Basic ????"),
                6 => ("grpc-accept-encoding", Encodings[random.Next(Encodings.Length)]),
                7 => ("grpc-encoding", Encodings[random.Next(Encodings.Length)]),
                8 => ("grpc-previous-rpc-attempts", "-1"),
                9 => ("x-forwarded-for", "' OR 1=1"),
                10 => ("baggage", new string(',', random.Next(300))),
                _ => ("x-repeated", ""),
            });
        }
    }
}
