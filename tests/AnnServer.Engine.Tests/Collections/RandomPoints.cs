using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>Random identifiers, vectors and attributes of the kinds that the tests filter by.</summary>
internal static class RandomPoints
{
    public const int Ids = 1600;

    public static readonly string[] Colors = ["red", "green", "blue", "grün", "𝛼"];

    public static readonly AttributeSchema[] Schema =
    [
        new("color", AttributeType.Keyword),
        new("n", AttributeType.Int64),
        new("x", AttributeType.Double),
        new("tags", AttributeType.KeywordList),
        new("flag", AttributeType.Bool),
        new("place", AttributeType.GeoPoint),
        new("title", AttributeType.Text),
    ];

    /// <summary>Of texts, and of queries for them.</summary>
    public static readonly string[] Words = ["red", "Green", "grün", "GRÜNER", "x1", "𝛼", "12", "reddish"];

    public static PointId Id(Random random) => Id(random.Next(Ids));

    /// <summary>Numbers and keys, with the same digits now and then.</summary>
    public static PointId Id(int number) => number % 5 == 0 ? PointId.FromKey($"{number / 5}") : PointId.FromNumber((ulong)number);

    /// <summary>Some clustered, some spread; coordinates of about 1.</summary>
    public static float[] Vector(Random random, int dimension)
    {
        var vector = new float[dimension];
        int cluster = random.Next(20);
        for (int i = 0; i < dimension; i++)
        {
            double centre = Math.Sin(cluster * 37 + i * 11) * 2;
            vector[i] = (float)(centre + Normal(random));
        }

        return vector;
    }

    public static Dictionary<string, AttributeValue> Attributes(Random random)
    {
        var attributes = new Dictionary<string, AttributeValue>();
        Maybe("color", () => AttributeValue.Of(Colors[random.Next(Colors.Length)]));
        Maybe("n", () => AttributeValue.Of((long)random.Next(120)));
        Maybe("x", () => AttributeValue.Of(random.NextDouble()));
        Maybe("tags", () => AttributeValue.Of([.. Enumerable.Range(0, random.Next(3)).Select(_ => Colors[random.Next(Colors.Length)])]));
        Maybe("flag", () => AttributeValue.Of(random.Next(2) == 0));
        Maybe("place", () => AttributeValue.Of(Place(random)));
        Maybe("title", () => AttributeValue.Of(string.Join(random.Next(2) == 0 ? " " : ", ", Enumerable.Range(0, random.Next(5)).Select(_ => Words[random.Next(Words.Length)]))));
        Maybe("note", () => AttributeValue.Of($"note {random.Next(1000)}"));
        return attributes;

        void Maybe(string name, Func<AttributeValue> value)
        {
            if (random.Next(4) != 0)
            {
                attributes[name] = value();
            }
        }
    }

    /// <summary>At whole degrees near the corners of the map and in one town between.</summary>
    public static GeoPoint Place(Random random) => random.Next(4) switch
    {
        0 => new(random.Next(86, 91), random.Next(-180, 181)),
        1 => new(random.Next(-5, 6), random.Next(2) == 0 ? random.Next(175, 181) : random.Next(-180, -174)),
        _ => new(52 + (random.Next(100) / 100.0), 13 + (random.Next(100) / 100.0)),
    };

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
