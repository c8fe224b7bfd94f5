using System.Collections.Immutable;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Querying;

/// <summary>Attributes and filters over a few small domains, so that filters match often enough to say something.</summary>
internal sealed class RandomFilters(Random random)
{
    public static readonly AttributeSchema[] Schemas =
    [
        new("word", AttributeType.Keyword),
        new("number", AttributeType.Int64),
        new("share", AttributeType.Double),
        new("flag", AttributeType.Bool),
        new("time", AttributeType.Timestamp),
        new("words", AttributeType.KeywordList),
        new("numbers", AttributeType.Int64List),
        new("place", AttributeType.GeoPoint),
        new("prose", AttributeType.Text),
    ];

    private static readonly string[] Words = ["", "a", "ab", "b", "é", "\uFFFD", "\U0001F600", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z", "zz", "a*", "Abc, ab-cd", "aaaaaaaé", "aaaaaaab"];

    private static readonly string[] Prose =
    [
        "", "...", "The quick brown fox", "quick; QUICK!", "über STRASSE straße", "x_y x-y x*", "\U0001D400\U0001D401 \U00010400", "٣٤ 34abc",
        "a quickest brow", "İi 2024-01-02T00:00:00Z",
    ];

    private static readonly string[] Tokens =
        ["quick", "Quick*", "bro*", "BROWN", "fox", "ÜBER", "stra*", "x", "y*", "\U00010428", "\U0001D400*", "34*", "٣٤", "a", "ab*", "i", "absent"];

    private static readonly double[] Latitudes = [-90, -60, 0, 1, 10, 52, 53, 89, 90];

    private static readonly double[] Longitudes = [-180, -179, -90, 0, 13, 14, 170, 179, 180];

    private static readonly long[] Integers =
        [0, 1, -1, 2, 3, 7, 1L << 53, (1L << 53) + 1, long.MaxValue, long.MinValue, long.MaxValue - 1];

    private static readonly double[] Doubles =
        [0, -0.0, 1, 0.5, -1.25, 3, 9007199254740992, 9007199254740994, 9223372036854775808.0, -9223372036854775808.0, 1e20, -1e20];

    private static readonly string[] FreeNames = ["free", "other", "missing"];

    public Dictionary<string, AttributeValue>? NextAttributes()
    {
        if (random.Next(12) == 0)
        {
            return null;
        }

        Dictionary<string, AttributeValue> attributes = [];
        foreach (AttributeSchema schema in Schemas)
        {
            if (random.Next(3) > 0)
            {
                attributes.Add(schema.Name, NextValue(schema.Type));
            }
        }

        foreach (string name in FreeNames.AsSpan(0, 2))
        {
            if (random.Next(3) > 0)
            {
                attributes.Add(name, NextValue((AttributeType)random.Next(1, 10)));
            }
        }

        return attributes;
    }

    public Predicate NextPredicate(int depth)
    {
        int choice = random.Next(depth > 0 ? 12 : 8);
        string name = random.Next(3) == 0 ? FreeNames[random.Next(3)] : Schemas[random.Next(Schemas.Length)].Name;
        AttributeType type = TypeOf(name);
        if (choice < 8 && random.Next(3) == 0 && NextSpecial(name, type) is { } special)
        {
            return special;
        }

        if (type == AttributeType.GeoPoint && choice is < 4 or 6 or 7)
        {
            return NextArea(name);
        }

        switch (choice)
        {
            case 0:
                return new Predicate.Eq(name, NextOperand(type));
            case 1:
                return new Predicate.Ne(name, NextOperand(type));
            case 2:
                return new Predicate.Contains(name, NextOperand(type));
            case 3:
                return new Predicate.In(name, [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => NextOperand(type))]);
            case 4:
                return random.Next(2) == 0 ? new Predicate.Exists(name) : new Predicate.IsNull(name);
            case 5:
                return new Predicate.Ids([.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => PointId.FromNumber((ulong)random.Next(400)))]);
            case 6 or 7:
                return NextRange(name, type);
            case 8:
                return new Predicate.Not(NextPredicate(depth - 1));
            case 9 or 10:
                return new Predicate.And(NextOperands(depth - 1));
            default:
                return new Predicate.Or(NextOperands(depth - 1));
        }
    }

    /// <summary>A test of its own for strings and places; null for others.</summary>
    private Predicate? NextSpecial(string name, AttributeType type)
    {
        switch (type)
        {
            case AttributeType.GeoPoint:
                return NextArea(name);
            case AttributeType.Keyword or AttributeType.KeywordList or AttributeType.Text when random.Next(2) == 0:
                string[] words = [.. Words, .. Prose];
                string word = words.Where(word => word.Length > 0).ElementAt(random.Next(words.Length - 2));
                int length = random.Next(1, word.Length + 1);
                return new Predicate.Prefix(name, char.IsHighSurrogate(word[length - 1]) ? word : word[..length]);
            case AttributeType.Keyword or AttributeType.KeywordList or AttributeType.Text:
                string query = string.Join(' ', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Tokens[random.Next(Tokens.Length)]));
                return new Predicate.TextMatch(name, query, random.Next(2) == 0 ? TextMatchMode.All : TextMatchMode.Any);
            default:
                return null;
        }
    }

    private Predicate NextArea(string name)
    {
        GeoPoint first = NextPlace();
        GeoPoint second = NextPlace();
        if (random.Next(2) == 0)
        {
            // Odd enough that no distance between two places is the radius.
            return new Predicate.GeoRadius(name, first, Math.Pow(10, random.Next(3, 8)) * (1 + random.NextDouble()));
        }

        return new Predicate.GeoBox(
            name,
            first with { Latitude = Math.Min(first.Latitude, second.Latitude) },
            second with { Latitude = Math.Max(first.Latitude, second.Latitude) });
    }

    private GeoPoint NextPlace() => new(Latitudes[random.Next(Latitudes.Length)], Longitudes[random.Next(Longitudes.Length)]);

    private ImmutableArray<Predicate> NextOperands(int depth) =>
        [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => NextPredicate(depth))];

    private Predicate.Range NextRange(string name, AttributeType type)
    {
        if (type == AttributeType.Bool)
        {
            name = "number";
            type = AttributeType.Int64;
        }

        AttributeValue low = NextOperand(type);
        AttributeValue high = NextOperand(type);
        int open = random.Next(4);
        return new Predicate.Range(
            name,
            open == 0 ? default : new Predicate.Bound(low, random.Next(2) == 0),
            open == 1 ? default : new Predicate.Bound(high, random.Next(2) == 0));
    }

    private AttributeType TypeOf(string name)
    {
        AttributeSchema? schema = Schemas.FirstOrDefault(schema => schema.Name == name);
        return schema?.Type ?? (AttributeType)random.Next(1, 10);
    }

    private AttributeValue NextOperand(AttributeType type) => type switch
    {
        AttributeType.Keyword or AttributeType.KeywordList => AttributeValue.Of(Words[random.Next(Words.Length)]),
        AttributeType.Int64 or AttributeType.Int64List => random.Next(3) == 0
            ? AttributeValue.Of(Doubles[random.Next(Doubles.Length)])
            : AttributeValue.Of(Integers[random.Next(Integers.Length)]),
        AttributeType.Double => NextNumberOfDouble(),
        AttributeType.Bool => AttributeValue.Of(random.Next(2) == 0),
        AttributeType.Text => AttributeValue.Of(Prose[random.Next(Prose.Length)]),
        _ => NextTime(),
    };

    // Integers that a double cannot hold are widened on declared attributes; FilterBinderTests has that case.
    private AttributeValue NextNumberOfDouble() => random.Next(3) == 0
        ? AttributeValue.Of(Integers[random.Next(7)])
        : AttributeValue.Of(Doubles[random.Next(Doubles.Length)]);

    private AttributeValue NextValue(AttributeType type) => type switch
    {
        AttributeType.Keyword => AttributeValue.Of(Words[random.Next(Words.Length)]),
        AttributeType.Int64 => AttributeValue.Of(Integers[random.Next(Integers.Length)]),
        AttributeType.Double => AttributeValue.Of(Doubles[random.Next(Doubles.Length)]),
        AttributeType.Bool => AttributeValue.Of(random.Next(2) == 0),
        AttributeType.Timestamp => NextTime(),
        AttributeType.GeoPoint => AttributeValue.Of(NextPlace()),
        AttributeType.Text => AttributeValue.Of(Prose[random.Next(Prose.Length)]),
        AttributeType.KeywordList => AttributeValue.Of(
            [.. Enumerable.Range(0, random.Next(4)).Select(_ => Words[random.Next(Words.Length)])]),
        _ => AttributeValue.Of([.. Enumerable.Range(0, random.Next(4)).Select(_ => Integers[random.Next(Integers.Length)])]),
    };

    private AttributeValue NextTime() => AttributeValue.Of(new DateTimeOffset(2024, 1, random.Next(1, 6), 0, 0, 0, TimeSpan.Zero));
}
