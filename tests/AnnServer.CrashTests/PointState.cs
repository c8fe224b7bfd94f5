using System.Runtime.InteropServices;
using AnnServer.Engine.Attributes;
using AnnServer.Protocol.V1;
using Google.Protobuf;
using Model = AnnServer.Engine.Model;

namespace AnnServer.CrashTests;

/// <summary>What is stored of a point, the vector by its bits.</summary>
internal sealed record PointState(ByteString Vector, long? Number, string? Color)
{
    public static PointState Random(Random random, int dimension)
    {
        byte[] bytes = new byte[dimension * sizeof(float)];
        for (int i = 0; i < dimension; i++)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(i * sizeof(float)), (float)((random.NextDouble() * 2) - 1));
        }

        return new PointState(
            ByteString.CopyFrom(bytes), random.Next(3) == 0 ? null : random.Next(1000), random.Next(3) == 0 ? null : $"color {random.Next(9)}");
    }

    public static PointState Of(Point point) => new(
        point.Vector.Packed,
        point.Attributes.TryGetValue("number", out Value? number) ? number.IntValue : null,
        point.Attributes.TryGetValue("color", out Value? color) ? color.StringValue : null);

    public static PointState Of(Model.Point point) => new(
        ByteString.CopyFrom(MemoryMarshal.AsBytes(point.Vector.Span)),
        point.Attributes.TryGetValue("number", out AttributeValue number) ? number.AsInt64() : null,
        point.Attributes.TryGetValue("color", out AttributeValue color) ? color.AsString() : null);

    public Point ToPoint(ulong id)
    {
        var point = new Point { Id = new PointId { Num = id }, Vector = new Vector { Packed = Vector } };
        if (Number is { } number)
        {
            point.Attributes.Add("number", new Value { IntValue = number });
        }

        if (Color is { } color)
        {
            point.Attributes.Add("color", new Value { StringValue = color });
        }

        return point;
    }

    public float[] Floats() => MemoryMarshal.Cast<byte, float>(Vector.Span).ToArray();

    /// <summary>The attributes as the engine has them.</summary>
    public Dictionary<string, AttributeValue> StoredAttributes()
    {
        var attributes = new Dictionary<string, AttributeValue>();
        if (Number is { } number)
        {
            attributes.Add("number", AttributeValue.Of(number));
        }

        if (Color is { } color)
        {
            attributes.Add("color", AttributeValue.Of(color));
        }

        return attributes;
    }
}
