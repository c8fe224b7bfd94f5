namespace AnnServer.Engine.Model;

/// <param name="Points">In random order.</param>
/// <param name="Matching">Points that match the filter.</param>
public sealed record PointSample(IReadOnlyList<Point> Points, long Matching);
