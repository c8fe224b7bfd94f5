namespace AnnServer.Engine.Querying;

/// <summary>Coordinates between borders, which are included; it does not cross the antimeridian.</summary>
internal readonly record struct GeoRectangle(double South, double North, double West, double East);
