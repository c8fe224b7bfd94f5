using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>Everything no further from a center than so many meters, on a sphere of the earth's mean radius, by the haversine formula.</summary>
internal sealed class GeoCircle : GeoArea
{
    /// <summary>The mean radius of the earth (IUGG), in meters.</summary>
    public const double EarthRadius = 6_371_008.8;

    // About a meter: far more than what rounding moves the border by, even where a circle touches a meridian near a pole.
    private const double Margin = 1e-5;

    private const double RadiansPerDegree = Math.PI / 180;

    private readonly GeoPoint _center;
    private readonly double _cosine;

    // The haversine of the radius: distances are compared by it, which saves their arcsine.
    private readonly double _greatest;

    public GeoCircle(GeoPoint center, double meters)
    {
        _center = center;
        _cosine = Math.Cos(center.Latitude * RadiansPerDegree);
        double angle = meters / EarthRadius;
        _greatest = angle >= Math.PI ? 1 : Square(Math.Sin(angle / 2));
        Rectangles = Surround(center, angle);
    }

    public override IReadOnlyList<GeoRectangle> Rectangles { get; }

    public override bool Contains(GeoPoint place)
    {
        double apart = Math.Abs(place.Longitude - _center.Longitude);
        if (apart > Antimeridian)
        {
            apart = (2 * Antimeridian) - apart;
        }

        double haversine = Square(Math.Sin((place.Latitude - _center.Latitude) * (RadiansPerDegree / 2)))
            + (_cosine * Math.Cos(place.Latitude * RadiansPerDegree) * Square(Math.Sin(apart * (RadiansPerDegree / 2))));
        return Math.Min(haversine, 1) <= _greatest;
    }

    private List<GeoRectangle> Surround(GeoPoint center, double angle)
    {
        double height = (angle / RadiansPerDegree) + Margin;
        double south = center.Latitude - height;
        double north = center.Latitude + height;
        if (south <= -Pole || north >= Pole)
        {
            return [new GeoRectangle(Math.Max(south, -Pole), Math.Min(north, Pole), -Antimeridian, Antimeridian)];
        }

        // The meridians that touch the circle. It holds no pole, so the sine is the smaller.
        double width = (Math.Asin(Math.Min(1, Math.Sin(angle) / _cosine)) / RadiansPerDegree) + Margin;
        double west = center.Longitude - width;
        double east = center.Longitude + width;
        if (west < -Antimeridian)
        {
            return [new(south, north, west + (2 * Antimeridian), Antimeridian), new(south, north, -Antimeridian, east)];
        }

        return east > Antimeridian
            ? [new(south, north, west, Antimeridian), new(south, north, -Antimeridian, east - (2 * Antimeridian))]
            : [new(south, north, west, east)];
    }

    private static double Square(double value) => value * value;
}
