namespace AnnServer.Engine.Attributes;

/// <summary>A place in the order of a <see cref="GeoIndex"/>: by band of latitude, from west to east within one.</summary>
internal readonly record struct GeoKey(int Band, double Longitude, double Latitude) : IComparable<GeoKey>
{
    // A hundredth of a degree, about 1.1 km: a circle of that radius crosses three or four bands, and the earth has 18,001.
    private const double BandsPerDegree = 100;

    public static GeoKey Of(GeoPoint place) => new(BandOf(place.Latitude), place.Longitude, place.Latitude);

    /// <summary>Before every place of the band that is not west of the longitude.</summary>
    public static GeoKey Start(int band, double longitude) => new(band, longitude, double.NegativeInfinity);

    public static int BandOf(double latitude) => (int)((latitude + 90) * BandsPerDegree);

    public int CompareTo(GeoKey other)
    {
        int order = Band.CompareTo(other.Band);
        if (order == 0)
        {
            order = Longitude.CompareTo(other.Longitude);
        }

        return order != 0 ? order : Latitude.CompareTo(other.Latitude);
    }
}
