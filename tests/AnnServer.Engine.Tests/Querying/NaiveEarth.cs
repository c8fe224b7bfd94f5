using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Tests.Querying;

/// <summary>Distances and boxes on the earth once more: by chords through a ball, and by degrees walked eastward.</summary>
internal static class NaiveEarth
{
    private const double Radius = 6_371_008.8;

    public static double Distance(GeoPoint left, GeoPoint right)
    {
        (double x, double y, double z) = Direction(left);
        (double u, double v, double w) = Direction(right);
        double chord = Math.Sqrt(((x - u) * (x - u)) + ((y - v) * (y - v)) + ((z - w) * (z - w)));
        return 2 * Radius * Math.Asin(Math.Min(1, chord / 2));
    }

    /// <summary>Exact for whole degrees.</summary>
    public static bool IsWithin(GeoPoint place, GeoPoint southWest, GeoPoint northEast)
    {
        if (place.Latitude < southWest.Latitude || place.Latitude > northEast.Latitude)
        {
            return false;
        }

        double width = northEast.Longitude - southWest.Longitude;
        return place.Latitude is 90 or -90 || Eastward(southWest.Longitude, place.Longitude) <= (width < 0 ? width + 360 : width);
    }

    private static double Eastward(double from, double to) => (((to - from) % 360) + 360) % 360;

    private static (double X, double Y, double Z) Direction(GeoPoint place)
    {
        (double sine, double cosine) = Math.SinCos(place.Latitude * Math.PI / 180);
        (double eastSine, double eastCosine) = Math.SinCos(place.Longitude * Math.PI / 180);
        return (cosine * eastCosine, cosine * eastSine, sine);
    }
}
