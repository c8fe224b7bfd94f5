using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Querying;

public sealed class GeoAreaTests
{
    // Around 6,371,008.8 m to a radian, so 111,195.08 m to a degree along a meridian or the equator.
    private const double Degree = 111_195.0802;

    public static TheoryData<GeoPoint, GeoPoint, double> Distances => new()
    {
        { new(0, 0), new(0, 1), Degree },
        { new(0, 0), new(1, 0), Degree },
        { new(10, 50), new(-80, 50), 90 * Degree },
        { new(0, 179.5), new(0, -179.5), Degree },
        { new(-30, 180), new(-31, -180), Degree },
        { new(90, 0), new(89, 123), Degree },
        { new(-90, -77), new(-88, 180), 2 * Degree },
        { new(89, 0), new(89, 180), 2 * Degree },
        { new(0, 0), new(0, 180), 180 * Degree },
        { new(90, 12), new(-90, -170), 180 * Degree },
        // London to Paris.
        { new(51.5074, -0.1278), new(48.8566, 2.3522), 343_556.5 },
    };

    [Theory]
    [MemberData(nameof(Distances))]
    public void Circle_KnownDistances_EndJustThere(GeoPoint from, GeoPoint to, double meters)
    {
        foreach ((GeoPoint center, GeoPoint place) in (ReadOnlySpan<(GeoPoint, GeoPoint)>)[(from, to), (to, from)])
        {
            GeoCircle inside = new(center, meters + 1);

            Assert.True(inside.Contains(place));
            Assert.True(inside.Contains(center));
            Assert.False(new GeoCircle(center, meters - 1).Contains(place));
            Assert.Contains(inside.Rectangles, rectangle => Holds(rectangle, place));
        }
    }

    [Theory]
    [InlineData(10, 20, 30, 40, 20, 30, true)]
    [InlineData(10, 20, 30, 40, 10, 20, true)]
    [InlineData(10, 20, 30, 40, 30, 40, true)]
    [InlineData(10, 20, 30, 40, 9.999, 30, false)]
    [InlineData(10, 20, 30, 40, 20, 40.001, false)]
    [InlineData(10, 170, 30, -170, 20, 180, true)]
    [InlineData(10, 170, 30, -170, 20, -180, true)]
    [InlineData(10, 170, 30, -170, 20, -171, true)]
    [InlineData(10, 170, 30, -170, 20, 169, false)]
    [InlineData(10, 170, 30, -170, 20, 0, false)]
    [InlineData(10, 170, 30, 180, 20, -180, true)]
    [InlineData(10, -180, 30, -170, 20, 180, true)]
    [InlineData(10, 180, 30, -180, 20, 180, true)]
    [InlineData(10, 180, 30, -180, 20, -180, true)]
    [InlineData(10, 180, 30, -180, 20, 0, false)]
    [InlineData(-90, -180, 90, 180, -90, 7, true)]
    [InlineData(80, 10, 90, 20, 90, -100, true)]
    [InlineData(80, 10, 90, 20, 89.9, -100, false)]
    [InlineData(-90, 10, -90, 10, -90, 50, true)]
    public void Box_KnownPlaces_AreInOrOut(double south, double west, double north, double east, double latitude, double longitude, bool expected)
    {
        GeoPoint place = new(latitude, longitude);
        GeoBox box = new(new GeoPoint(south, west), new GeoPoint(north, east));

        Assert.Equal(expected, box.Contains(place));
        Assert.True(!expected || box.Rectangles.Any(rectangle => Holds(rectangle, place)));
    }

    [Fact]
    public void Circle_OfNoRadius_IsItsCenterOnEitherSideOfTheAntimeridian()
    {
        GeoCircle circle = new(new GeoPoint(12.5, 180), 0);

        Assert.True(circle.Contains(new GeoPoint(12.5, 180)));
        Assert.True(circle.Contains(new GeoPoint(12.5, -180)));
        Assert.False(circle.Contains(new GeoPoint(12.5, 179.999999)));
    }

    [Theory]
    [InlineData(71)]
    [InlineData(72)]
    public void Index_RandomAreasOverTheEarth_FindsWhatTheyContain(int seed)
    {
        const int Points = 3000;
        Random random = new(seed);
        using AttributeTable table = new([new AttributeSchema("place", AttributeType.GeoPoint)]);
        GeoPoint[] places = new GeoPoint[Points];
        for (uint i = 0; i < Points; i++)
        {
            places[i] = NextPlace(random);
            table.Set(i, AttributeCodec.Encode(new Dictionary<string, AttributeValue> { ["place"] = AttributeValue.Of(places[i]) }));
        }

        int found = 0;
        for (int round = 0; round < 2000; round++)
        {
            GeoPoint first = NextPlace(random);
            GeoPoint second = NextPlace(random);
            double meters = Math.Pow(10, 2 + (5.4 * random.NextDouble()));
            GeoPoint southWest = first with { Latitude = Math.Min(first.Latitude, second.Latitude) };
            GeoPoint northEast = second with { Latitude = Math.Max(first.Latitude, second.Latitude) };
            bool isCircle = round % 2 == 0;
            Predicate predicate = isCircle ? new Predicate.GeoRadius("place", first, meters) : new Predicate.GeoBox("place", southWest, northEast);
            OrdinalBitmap result = new();
            result.Reset(Points);

            table.Evaluate(predicate, result, null, null, TestContext.Current.CancellationToken);

            for (uint i = 0; i < Points; i++)
            {
                // Rounding decides what lies within a millimeter of a circle, or a little more at the other side of the earth.
                double distance = isCircle ? NaiveEarth.Distance(places[i], first) : 0;
                bool expected = isCircle ? distance <= meters : NaiveEarth.IsWithin(places[i], southWest, northEast);
                Assert.True(
                    expected == result.Contains(i) || (isCircle && Math.Abs(distance - meters) < 1e-3 + (distance / 1e8)),
                    $"seed {seed}, round {round}: {PredicateText.Of(predicate)} of {places[i]}");
            }

            found += result.Count();
        }

        Assert.True(found > 10_000);
    }

    /// <summary>Anywhere, at whole degrees, about the poles and the antimeridian, and in one town.</summary>
    private static GeoPoint NextPlace(Random random) => random.Next(6) switch
    {
        0 => new(random.Next(-90, 91), random.Next(-180, 181)),
        1 => new((90 - (random.Next(100) / 64.0)) * (random.Next(2) == 0 ? 1 : -1), random.Next(-180 * 64, (180 * 64) + 1) / 64.0),
        2 => new(random.Next(-90, 91), (180 - (random.Next(100) / 64.0)) * (random.Next(2) == 0 ? 1 : -1)),
        3 => new(52 + (random.Next(64) / 64.0), 13 + (random.Next(64) / 64.0)),
        _ => new(random.Next(-90 * 64, (90 * 64) + 1) / 64.0, random.Next(-180 * 64, (180 * 64) + 1) / 64.0),
    };

    private static bool Holds(GeoRectangle rectangle, GeoPoint place) =>
        place.Latitude >= rectangle.South && place.Latitude <= rectangle.North && place.Longitude >= rectangle.West && place.Longitude <= rectangle.East;
}
