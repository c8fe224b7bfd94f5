using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Mixed;

/// <summary>A point as the server must have it.</summary>
internal sealed record ModelPoint(ulong Id, float[] Vector, IReadOnlyDictionary<string, Value> Attributes)
{
    public PointId PointId => new() { Num = Id };

    public Point ToPoint()
    {
        Point point = new() { Id = PointId, Vector = Wire.PackedVectors.FromSingles(Vector) };
        foreach ((string name, Value value) in Attributes)
            point.Attributes.Add(name, value);
        return point;
    }
}
