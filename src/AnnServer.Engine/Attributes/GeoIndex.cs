using AnnServer.Core.Filtering;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Attributes;

/// <summary>The places of a GEO_POINT attribute in bands of latitude; what is found by band and longitude is checked by its coordinates.</summary>
internal sealed class GeoIndex(AttributeSchema schema) : AttributeIndex(schema)
{
    private readonly SortedIndex<GeoKey> _sorted = new();
    private readonly PostingSet _exists = new();
    private EntryBuffer<GeoKey> _bulk = new();

    public override long MemoryBytes => _sorted.MemoryBytes + _exists.MemoryBytes;

    public override bool Accepts(AttributeView value) => value.Kind == AttributeKind.GeoPoint;

    public override void Add(uint ordinal, AttributeView value)
    {
        _exists.Add(ordinal);
        _sorted.Add(GeoKey.Of(value.GeoPoint), ordinal);
    }

    public override void Remove(uint ordinal, AttributeView value)
    {
        _exists.Remove(ordinal);
        _sorted.Remove(GeoKey.Of(value.GeoPoint), ordinal);
    }

    public override void AddInBulk(uint ordinal, AttributeView value)
    {
        _exists.Add(ordinal);
        _bulk.Add(GeoKey.Of(value.GeoPoint), ordinal);
    }

    public override void EndBulk()
    {
        _sorted.Load(_bulk.Keys, _bulk.Ordinals);
        _bulk = new EntryBuffer<GeoKey>();
    }

    public override void AddMatches(LeafTest leaf, OrdinalBitmap bitmap, BitmapPool pool)
    {
        switch (leaf.Shape)
        {
            case LeafShape.Exists:
                _exists.AddTo(bitmap);
                break;
            case LeafShape.Area:
                foreach (GeoRectangle rectangle in leaf.Area!.Rectangles)
                {
                    AddWithin(rectangle, leaf.Area, bitmap);
                }

                break;
        }
    }

    private void AddWithin(GeoRectangle rectangle, GeoArea area, OrdinalBitmap bitmap)
    {
        int last = GeoKey.BandOf(rectangle.North);
        SortedIndex<GeoKey>.Position position = Seek(GeoKey.BandOf(rectangle.South), rectangle.West);
        while (_sorted.MoveNext(ref position, out GeoKey key, out uint ordinal) && key.Band <= last)
        {
            if (key.Longitude < rectangle.West)
            {
                position = Seek(key.Band, rectangle.West);
            }
            else if (key.Longitude > rectangle.East)
            {
                position = Seek(key.Band + 1, rectangle.West);
            }
            else if (ordinal < (uint)bitmap.Length && area.Contains(new GeoPoint(key.Latitude, key.Longitude)))
            {
                bitmap.Add(ordinal);
            }
        }
    }

    private SortedIndex<GeoKey>.Position Seek(int band, double longitude) => _sorted.Seek(GeoKey.Start(band, longitude), 0);
}
