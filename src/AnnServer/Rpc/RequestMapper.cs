using AnnServer.Engine.Model;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.Rpc;

/// <summary>
/// Requests about points, off the wire. Pure translation: what only the wire can get wrong is recorded as a fault here, limits and
/// meaning are checked by the engine, which is given the same <see cref="Faults"/>.
/// </summary>
internal static class RequestMapper
{
    public static Durability ToModel(Wire.Durability durability, Faults faults)
    {
        switch (durability)
        {
            case Wire.Durability.Unspecified:
            case Wire.Durability.Fsynced:
                return Durability.Fsynced;
            case Wire.Durability.Logged:
                return Durability.Logged;
            case Wire.Durability.Memory:
                return Durability.Memory;
            default:
                faults.Add(
                    "durability", $"has the unknown value {(int)durability}; allowed: DURABILITY_FSYNCED, DURABILITY_LOGGED, DURABILITY_MEMORY");
                return Durability.Fsynced;
        }
    }

    public static IReadOnlyList<Point> ToPoints(Wire.UpsertRequest request, Faults faults)
    {
        Point[] points = new Point[request.Points.Count];
        for (int i = 0; i < points.Length; i++)
        {
            using Faults.Scope scope = faults.Within("points", i);
            Wire.Point point = request.Points[i];
            points[i] = new Point(
                PointIdMapper.ToModel(point.Id, "id", faults),
                VectorMapper.ToModel(point.Vector, "vector", faults),
                AttributeMapper.ToModel(point.Attributes, "attributes", faults));
        }

        return points;
    }

    /// <summary>The identifiers to delete, or null where <paramref name="filter"/> selects.</summary>
    public static IReadOnlyList<PointId>? ToSelection(Wire.DeleteRequest request, Faults faults, out FilterSpec filter)
    {
        filter = FilterSpec.None;
        switch (request.SelectorCase)
        {
            case Wire.DeleteRequest.SelectorOneofCase.Ids:
                return PointIdMapper.ToModel(request.Ids.Ids, "ids.ids", faults);
            case Wire.DeleteRequest.SelectorOneofCase.Filter:
                filter = FilterMapper.ToModel(request.Filter, faults);
                return null;
            default:
                faults.Add("selector", "is missing; set ids or filter");
                return null;
        }
    }

    public static IReadOnlyList<AttributeUpdate> ToUpdates(Wire.UpdateAttributesRequest request, Faults faults)
    {
        AttributeUpdate[] updates = new AttributeUpdate[request.Updates.Count];
        for (int i = 0; i < updates.Length; i++)
        {
            using Faults.Scope scope = faults.Within("updates", i);
            Wire.AttributeUpdate update = request.Updates[i];
            updates[i] = new AttributeUpdate(
                PointIdMapper.ToModel(update.Id, "id", faults),
                AttributeMapper.ToModel(update.Set, "set", faults),
                update.Remove,
                update.Replace);
        }

        return updates;
    }

    public static ScrollQuery ToQuery(Wire.ScrollRequest request, Faults faults) => new()
    {
        Filter = FilterMapper.ToModel(request.Filter, faults),
        OrderBy = string.IsNullOrEmpty(request.Order?.Attribute) ? null : request.Order.Attribute,
        Descending = request.Order?.Descending ?? false,
        PageSize = request.PageSize == 0 ? null : CollectionMapper.Clamp(request.PageSize),
        PageToken = request.PageToken,
        WithAttributes = request.WithAttributes,
        WithVector = request.WithVector,
        ReadAfter = request.ReadAfter,
    };

    public static FacetQuery ToQuery(Wire.FacetsRequest request, Faults faults) => new()
    {
        Filter = FilterMapper.ToModel(request.Filter, faults),
        Facets = [.. request.Facets.Select(facet => new FacetSpec(facet.Attribute, facet.Limit == 0 ? null : CollectionMapper.Clamp(facet.Limit)))],
        ReadAfter = request.ReadAfter,
    };

    public static SampleQuery ToQuery(Wire.SampleRequest request, Faults faults) => new()
    {
        Filter = FilterMapper.ToModel(request.Filter, faults),
        Count = CollectionMapper.Clamp(request.Count),
        Seed = request.Seed == 0 ? null : request.Seed,
        WithAttributes = request.WithAttributes,
        WithVector = request.WithVector,
        ReadAfter = request.ReadAfter,
    };
}
