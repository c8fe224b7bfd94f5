using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>Everything between two corners. 180 and -180 are one meridian, and a pole lies on all of them.</summary>
internal sealed class GeoBox : GeoArea
{
    private readonly GeoPoint _southWest;
    private readonly GeoPoint _northEast;

    public GeoBox(GeoPoint southWest, GeoPoint northEast)
    {
        _southWest = southWest;
        _northEast = northEast;
        List<GeoRectangle> rectangles = [];
        if (southWest.Longitude <= northEast.Longitude)
        {
            Add(southWest.Longitude, northEast.Longitude);
        }
        else
        {
            Add(southWest.Longitude, Antimeridian);
            Add(-Antimeridian, northEast.Longitude);
        }

        if (HoldsMeridian(Antimeridian) || HoldsMeridian(-Antimeridian))
        {
            Add(Antimeridian, Antimeridian);
            Add(-Antimeridian, -Antimeridian);
        }

        foreach (double pole in (double[])[-Pole, Pole])
        {
            if (southWest.Latitude <= pole && pole <= northEast.Latitude)
            {
                rectangles.Add(new GeoRectangle(pole, pole, -Antimeridian, Antimeridian));
            }
        }

        Rectangles = rectangles;

        void Add(double west, double east) => rectangles.Add(new GeoRectangle(southWest.Latitude, northEast.Latitude, west, east));
    }

    public override IReadOnlyList<GeoRectangle> Rectangles { get; }

    public override bool Contains(GeoPoint place) =>
        place.Latitude >= _southWest.Latitude
        && place.Latitude <= _northEast.Latitude
        && (HoldsMeridian(place.Longitude)
            || (Math.Abs(place.Longitude) == Antimeridian && HoldsMeridian(-place.Longitude))
            || Math.Abs(place.Latitude) == Pole);

    private bool HoldsMeridian(double longitude) => _southWest.Longitude <= _northEast.Longitude
        ? longitude >= _southWest.Longitude && longitude <= _northEast.Longitude
        : longitude >= _southWest.Longitude || longitude <= _northEast.Longitude;
}
