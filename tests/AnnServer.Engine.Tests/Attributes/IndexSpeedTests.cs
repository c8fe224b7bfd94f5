using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;

namespace AnnServer.Engine.Tests.Attributes;

/// <summary>What the indexes of strings, texts and places cost and save, over a million points. Says so, and requires nothing.</summary>
public sealed class IndexSpeedTests(ITestOutputHelper output)
{
    private const int Points = 1_000_000;

    private static readonly AttributeSchema[] Schemas =
    [
        new("name", AttributeType.Keyword), new("title", AttributeType.Text), new("earth", AttributeType.GeoPoint), new("town", AttributeType.GeoPoint),
    ];

    [Fact(Explicit = true)]
    public void Evaluate_AMillionPoints_WithIndexAndWithout()
    {
        Random random = new(1);
        using AttributeTable indexed = new(Schemas);
        using AttributeTable plain = new([]);
        indexed.BeginBulkLoad();
        for (uint i = 0; i < Points; i++)
        {
            byte[] blob = NextPoint(random, i);
            indexed.Set(i, blob);
            plain.Set(i, blob);
        }

        Measure("bulk build of all four indexes", 1, indexed.RebuildIndexes);
        output.WriteLine($"{indexed.MemoryBytes >> 20} MiB of attributes, {indexed.IndexMemoryBytes >> 20} MiB of indexes");
        foreach (AttributeSchema schema in Schemas)
        {
            long before = indexed.IndexMemoryBytes;
            indexed.DropIndex(schema.Name);
            output.WriteLine($"{schema.Name}: {(before - indexed.IndexMemoryBytes) >> 20} MiB");
            Measure($"adding the index of {schema.Name}", 1, () => indexed.AddIndex(schema));
        }

        foreach (string expression in (string[])
        [
            "geo_radius(earth, 52.5, 13.4, 1000)", "geo_radius(earth, 52.5, 13.4, 20000)", "geo_radius(earth, 52.5, 13.4, 1000000)",
            "geo_radius(earth, 90, 0, 20000)", "geo_radius(earth, 0, 0, 2e7)", "geo_box(earth, -1, 179, 1, -179)", "geo_box(earth, -90, -180, 90, 180)",
            "geo_radius(town, 52.5, 13.4, 100)", "geo_radius(town, 52.5, 13.4, 1000)", "geo_radius(town, 52.5, 13.4, 10000)",
            "name = \"12345*\"", "name = \"123*\"", "name = \"1*\"", "name >= \"123\" AND name < \"124\"",
            "text_match(title, 'w7')", "text_match(title, 'w7 w8 w99')", "text_any(title, 'w7 w8 w99')", "text_match(title, 'w123*')",
            "text_match(title, 'w1* w2*')", "text_any(title, 'w*')",
        ])
        {
            Compare(expression, indexed, plain);
        }

        byte[][] blobs = [.. Enumerable.Range(0, 50_000).Select(i => NextPoint(random, (uint)(Points + i)))];
        foreach (AttributeSchema? schema in (AttributeSchema?[])[null, .. Schemas])
        {
            if (schema is not null)
            {
                plain.AddIndex(schema);
            }

            // New values one way and the old ones back again.
            uint next = 0;
            byte[]?[] before = [.. Enumerable.Range(0, blobs.Length).Select(i => plain.Get((uint)i))];
            Measure($"replacing the attributes of a point, index of {schema?.Name ?? "nothing"}", blobs.Length, () => plain.Set(next, blobs[next++]));
            next = 0;
            Measure("and back", blobs.Length, () => plain.Set(next, before[next++]));
            if (schema is not null)
            {
                plain.DropIndex(schema.Name);
            }
        }
    }

    private void Compare(string expression, AttributeTable indexed, AttributeTable plain)
    {
        Assert.True(FilterCompiler.TryCompile(new FilterSpec(expression, null), Schemas, new EngineLimits(), new Faults(), out Predicate? predicate));
        OrdinalBitmap result = new();
        Evaluate(indexed);
        int matches = result.Count();
        double fast = Measure(null, 20, () => Evaluate(indexed));
        double slow = Measure(null, 2, () => Evaluate(plain));
        Assert.Equal(matches, result.Count());
        output.WriteLine($"{expression}: {matches} match; {fast:F1} us by index, {slow:F0} us point by point, {slow / fast:F0} times");

        void Evaluate(AttributeTable table)
        {
            result.Reset(Points);
            table.Evaluate(predicate!, result, null, null, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Microseconds of CPU each.</summary>
    private double Measure(string? what, int times, Action action)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < times; i++)
        {
            action();
        }

        double each = (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / times;
        if (what is not null)
        {
            output.WriteLine($"{what}: {each:F1} us of CPU");
        }

        return each;
    }

    // Names are all different; words are as rare as 1 / (n + 1) from the most frequent to the 50,000th.
    private static byte[] NextPoint(Random random, uint ordinal) => AttributeCodec.Encode(new Dictionary<string, AttributeValue>
    {
        ["name"] = AttributeValue.Of($"{(ordinal * 2_654_435_761u) % 100_000_000}-{ordinal}"),
        ["title"] = AttributeValue.Of(string.Join(' ', Enumerable.Range(0, 8).Select(_ => $"W{(int)Math.Pow(50_000, random.NextDouble())}"))),
        ["earth"] = AttributeValue.Of(new GeoPoint(Math.Asin((2 * random.NextDouble()) - 1) * 180 / Math.PI, (360 * random.NextDouble()) - 180)),
        ["town"] = AttributeValue.Of(new GeoPoint(52.35 + (0.3 * random.NextDouble()), 13.1 + (0.6 * random.NextDouble()))),
    });
}
