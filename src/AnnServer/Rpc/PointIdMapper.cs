using System.Collections.Immutable;
using AnnServer.Engine.Model;
using Google.Protobuf.Collections;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.Rpc;

internal static class PointIdMapper
{
    public static PointId ToModel(Wire.PointId? id, string field, Faults faults)
    {
        switch (id?.IdCase)
        {
            case Wire.PointId.IdOneofCase.Num:
                return PointId.FromNumber(id.Num);
            case Wire.PointId.IdOneofCase.Key:
                return PointId.FromKey(id.Key);
            default:
                faults.Add(field, "is missing; set num or key");
                return default;
        }
    }

    /// <param name="field">Of the list, as in <c>ids</c>.</param>
    public static ImmutableArray<PointId> ToModel(RepeatedField<Wire.PointId> ids, string field, Faults faults)
    {
        ImmutableArray<PointId>.Builder model = ImmutableArray.CreateBuilder<PointId>(ids.Count);
        for (int i = 0; i < ids.Count; i++)
        {
            // The path is put together only where it is needed: an identifier is cheaper than its path.
            model.Add(ids[i].IdCase != Wire.PointId.IdOneofCase.None ? ToModel(ids[i], "", faults) : ToModel(ids[i], $"{field}[{i}]", faults));
        }

        return model.MoveToImmutable();
    }

    public static Wire.PointId ToWire(PointId id) => id.Key is { } key ? new Wire.PointId { Key = key } : new Wire.PointId { Num = id.Number };
}
