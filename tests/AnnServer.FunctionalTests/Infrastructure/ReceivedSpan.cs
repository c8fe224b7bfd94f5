using System.Globalization;
using Google.Protobuf;

namespace AnnServer.FunctionalTests.Infrastructure;

/// <summary>A span as it went over the wire, read by the numbers of its fields in opentelemetry/proto/trace/v1.</summary>
internal sealed record ReceivedSpan(string TraceId, string SpanId, string ParentId, string Name, ulong Kind, bool Failed, IReadOnlyDictionary<string, string> Tags)
{
    public const ulong Server = 2;
    public const ulong Internal = 1;

    private const ulong ErrorCode = 2;

    /// <summary>The spans of an ExportTraceServiceRequest: resource_spans, scope_spans, spans.</summary>
    public static IEnumerable<ReceivedSpan> ReadAll(ReadOnlyMemory<byte> request) =>
        Messages(request, 1).SelectMany(resource => Messages(resource, 2)).SelectMany(scope => Messages(scope, 2)).Select(Read);

    private static ReceivedSpan Read(ReadOnlyMemory<byte> span) => new(
        Hex(span, 1),
        Hex(span, 2),
        Hex(span, 4),
        Text(span, 5),
        Number(span, 6),
        Messages(span, 15).Any(status => Number(status, 3) == ErrorCode),
        Messages(span, 9).ToDictionary(tag => Text(tag, 1), tag => Value(Messages(tag, 2).Single())));

    /// <summary>An AnyValue of a simple kind.</summary>
    private static string Value(ReadOnlyMemory<byte> value) => Fields(value).Single() switch
    {
        (1, { } text, _) => text.ToStringUtf8(),
        (2, _, ulong flag) => flag == 1 ? "true" : "false",
        (3, _, ulong number) => ((long)number).ToString(CultureInfo.InvariantCulture),
        (4, _, ulong bits) => BitConverter.UInt64BitsToDouble(bits).ToString(CultureInfo.InvariantCulture),
        var (field, _, _) => $"a value of kind {field}",
    };

    private static string Hex(ReadOnlyMemory<byte> message, int field) => Convert.ToHexStringLower(Messages(message, field).SingleOrDefault().Span);

    private static string Text(ReadOnlyMemory<byte> message, int field) =>
        ByteString.CopyFrom(Messages(message, field).SingleOrDefault().Span).ToStringUtf8();

    private static ulong Number(ReadOnlyMemory<byte> message, int field) => Fields(message).SingleOrDefault(found => found.Field == field).Number;

    private static IEnumerable<ReadOnlyMemory<byte>> Messages(ReadOnlyMemory<byte> message, int field) =>
        Fields(message).Where(found => found.Field == field).Select(found => found.Bytes!.Memory);

    private static List<(int Field, ByteString? Bytes, ulong Number)> Fields(ReadOnlyMemory<byte> message)
    {
        List<(int, ByteString?, ulong)> fields = [];
        using CodedInputStream input = new(message.ToArray());
        while (input.ReadTag() is not 0 and uint tag)
        {
            int field = WireFormat.GetTagFieldNumber(tag);
            fields.Add(WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => (field, null, input.ReadUInt64()),
                WireFormat.WireType.Fixed64 => (field, null, input.ReadFixed64()),
                WireFormat.WireType.Fixed32 => (field, null, input.ReadFixed32()),
                WireFormat.WireType.LengthDelimited => (field, input.ReadBytes(), 0),
                var type => throw new InvalidDataException($"Field {field} is of type {type}."),
            });
        }

        return fields;
    }
}
