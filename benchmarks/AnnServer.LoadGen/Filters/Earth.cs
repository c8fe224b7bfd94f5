using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Filters;

/// <summary>Distances and boxes on a ball of the earth's mean radius.</summary>
internal static class Earth
{
    private const double MeanRadius = 6_371_008.8;

    /// <summary>Metres along the great circle, by the haversine formula.</summary>
    public static double Distance(GeoPoint a, GeoPoint b)
    {
        double north = HalfSine(b.Latitude - a.Latitude);
        double east = HalfSine(b.Longitude - a.Longitude);
        double haversine = (north * north) + (Math.Cos(Radians(a.Latitude)) * Math.Cos(Radians(b.Latitude)) * east * east);
        return 2 * MeanRadius * Math.Asin(Math.Sqrt(Math.Min(1, haversine)));
    }

    /// <summary>Borders included. 180 and -180 are one meridian, and a pole lies on all of them.</summary>
    public static bool IsWithin(GeoPoint place, GeoPoint southWest, GeoPoint northEast)
    {
        if (place.Latitude < southWest.Latitude || place.Latitude > northEast.Latitude)
            return false;
        bool isOnEveryMeridian = Math.Abs(place.Latitude) == 90;
        bool isOnTheLast = Math.Abs(place.Longitude) == 180;
        return isOnEveryMeridian
            || IsBetween(place.Longitude, southWest.Longitude, northEast.Longitude)
            || (isOnTheLast && IsBetween(-place.Longitude, southWest.Longitude, northEast.Longitude));
    }

    private static bool IsBetween(double longitude, double west, double east) =>
        west <= east ? longitude >= west && longitude <= east : longitude >= west || longitude <= east;

    private static double HalfSine(double degrees) => Math.Sin(Radians(degrees) / 2);

    private static double Radians(double degrees) => degrees * Math.PI / 180;
}
