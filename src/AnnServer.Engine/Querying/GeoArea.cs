using AnnServer.Engine.Attributes;

namespace AnnServer.Engine.Querying;

/// <summary>A part of the earth.</summary>
internal abstract class GeoArea
{
    protected const double Pole = 90;
    protected const double Antimeridian = 180;

    /// <summary>Hold all of it, and more; they may overlap.</summary>
    public abstract IReadOnlyList<GeoRectangle> Rectangles { get; }

    public abstract bool Contains(GeoPoint place);
}
