namespace AnnServer.Engine.Attributes;

/// <summary>A place on the earth in degrees (WGS 84): latitude -90 to 90, north positive; longitude -180 to 180, east positive.</summary>
public readonly record struct GeoPoint(double Latitude, double Longitude)
{
    /// <summary>What is wrong with the coordinates, or null.</summary>
    internal string? Fault => !(Math.Abs(Latitude) <= 90) ? $"has the latitude {Latitude}; -90 to 90 are allowed"
        : !(Math.Abs(Longitude) <= 180) ? $"has the longitude {Longitude}; -180 to 180 are allowed"
        : null;
}
