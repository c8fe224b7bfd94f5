namespace AnnServer.Engine.Model;

public sealed record ScrollPage(IReadOnlyList<Point> Points, string NextPageToken);
