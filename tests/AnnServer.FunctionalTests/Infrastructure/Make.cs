using System.Runtime.InteropServices;
using AnnServer.Protocol.V1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Infrastructure;

/// <summary>Short forms of messages.</summary>
internal static class Make
{
    public static PointId Id(ulong num) => new() { Num = num };

    public static PointId Id(string key) => new() { Key = key };

    public static Vector Vector(params float[] values) => new() { Values = { values } };

    public static Vector Packed(params ReadOnlySpan<float> values) => new() { Packed = ByteString.CopyFrom(MemoryMarshal.AsBytes(values)) };

    public static Value Text(string value) => new() { StringValue = value };

    public static Value Int(long value) => new() { IntValue = value };

    public static GeoPoint Place(double latitude, double longitude) => new() { Latitude = latitude, Longitude = longitude };

    public static Point Point(ulong num, Vector vector, params (string Name, Value Value)[] attributes)
    {
        Point point = new() { Id = Id(num), Vector = vector };
        foreach ((string name, Value value) in attributes)
        {
            point.Attributes.Add(name, value);
        }

        return point;
    }

    public static float[] Floats(Vector vector) =>
        vector.Packed.IsEmpty ? [.. vector.Values] : MemoryMarshal.Cast<byte, float>(vector.Packed.Span).ToArray();

    /// <summary>The fields that the details of an error name.</summary>
    public static IReadOnlyList<string> FaultyFields(RpcException error) =>
        error.GetRpcStatus()?.GetDetail<BadRequest>() is { } details ? [.. details.FieldViolations.Select(violation => violation.Field)] : [];
}
