using AnnServer.Engine.Model;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.Rpc;

/// <summary>Answers about points, onto the wire.</summary>
internal static class ResponseMapper
{
    public static Wire.UpsertResponse ToUpsert(WriteReceipt receipt) =>
        new() { Upserted = (ulong)receipt.Affected, Sequence = receipt.Sequence };

    public static Wire.DeleteResponse ToDelete(WriteReceipt receipt) =>
        new() { Deleted = (ulong)receipt.Affected, Sequence = receipt.Sequence };

    public static Wire.UpdateAttributesResponse ToUpdate(AttributeUpdateReceipt receipt)
    {
        Wire.UpdateAttributesResponse wire = new() { Updated = (ulong)receipt.Write.Affected, Sequence = receipt.Write.Sequence };
        foreach (PointId id in receipt.NotFound)
        {
            wire.NotFound.Add(PointIdMapper.ToWire(id));
        }

        return wire;
    }

    public static Wire.GetResponse ToGet(IReadOnlyList<Point> points)
    {
        Wire.GetResponse wire = new();
        foreach (Point point in points)
        {
            wire.Points.Add(ToWire(point));
        }

        return wire;
    }

    public static Wire.ScrollResponse ToScroll(ScrollPage page)
    {
        Wire.ScrollResponse wire = new() { NextPageToken = page.NextPageToken };
        foreach (Point point in page.Points)
        {
            wire.Points.Add(ToWire(point));
        }

        return wire;
    }

    public static Wire.FacetsResponse ToFacets(FacetAnswer answer)
    {
        Wire.FacetsResponse wire = new() { Matching = (ulong)answer.Matching };
        foreach (Facet facet in answer.Facets)
        {
            Wire.Facet wireFacet = new()
            {
                Attribute = facet.Attribute,
                Points = (ulong)facet.Points,
                DistinctValues = (ulong)facet.DistinctValues,
                HasMore = facet.DistinctValues > facet.Values.Count,
            };
            foreach (FacetValue value in facet.Values)
            {
                wireFacet.Values.Add(new Wire.FacetValue { Value = AttributeMapper.ToWire(value.Value), Count = (ulong)value.Count });
            }

            wire.Facets.Add(wireFacet);
        }

        return wire;
    }

    public static Wire.SampleResponse ToSample(PointSample sample)
    {
        Wire.SampleResponse wire = new() { Matching = (ulong)sample.Matching };
        foreach (Point point in sample.Points)
        {
            wire.Points.Add(ToWire(point));
        }

        return wire;
    }

    public static Wire.SearchReport ToWire(in SearchReport report) => new()
    {
        Strategy = report.Strategy.ToName(),
        EfUsed = (uint)report.EfUsed,
        DistanceComputations = (ulong)report.DistanceComputations,
        Expansions = (ulong)report.Expansions,
        EstimatedSelectivity = report.Selectivity,
        Matching = (ulong)report.Matching,
        RecallEstimate = report.RecallEstimate,
        ExactFallback = report.ExactFallback,
        FilterMicroseconds = report.FilterMicroseconds,
        SearchMicroseconds = report.SearchMicroseconds,
        TotalMicroseconds = report.TotalMicroseconds,
    };

    private static Wire.Point ToWire(Point point)
    {
        Wire.Point wire = new() { Id = PointIdMapper.ToWire(point.Id) };
        AttributeMapper.ToWire(point.Attributes, wire.Attributes);
        if (!point.Vector.IsEmpty)
        {
            wire.Vector = VectorMapper.ToWire(point.Vector);
        }

        return wire;
    }
}
