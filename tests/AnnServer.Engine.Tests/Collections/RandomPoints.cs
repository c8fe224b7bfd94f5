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
    ];

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

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
