using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Querying.Shapes;

/// <summary>
/// A collection of each metric over the same points, and their scores in float64. Nine in ten of the points near where queries are have the
/// same <c>owner</c>; <c>shelf</c> has few values, all common; <c>loose</c> is not declared and has numbers of both kinds, lists, or nothing.
/// </summary>
public sealed class ShapeSets : IAsyncLifetime
{
    public const int Points = 4000;
    public const int Dimension = 24;

    private readonly DataFolder _folder = new();
    private TestDatabase? _test;

    internal float[][] Vectors { get; private set; } = [];

    internal float[][] Queries { get; private set; } = [];

    internal Dictionary<string, AttributeValue>[] Attributes { get; private set; } = [];

    internal Collection Of(Metric metric) => _test!.Collection(metric.ToString());

    /// <summary>Under L2, with its vectors in the page store.</summary>
    internal Collection OnDisk => _test!.Collection(nameof(OnDisk));

    public async ValueTask InitializeAsync()
    {
        Random random = new(7);
        Vectors = [.. Enumerable.Range(0, Points).Select(_ => RandomPoints.Vector(random, Dimension))];
        Queries = [.. Enumerable.Range(0, 25).Select(_ => RandomPoints.Vector(random, Dimension))];
        HashSet<int> near = [.. Queries.SelectMany(query => Enumerable.Range(0, Points)
            .OrderBy(i => Score(Metric.L2, query, Vectors[i])).Take(60))];
        Attributes = [.. Enumerable.Range(0, Points).Select(i => AttributesOf(random, near.Contains(i)))];
        _test = await TestDatabase.OpenAsync(_folder);
        foreach (Metric metric in Enum.GetValues<Metric>())
        {
            await LoadAsync(metric.ToString(), metric, VectorPlacement.Memory);
        }

        await LoadAsync(nameof(OnDisk), Metric.L2, VectorPlacement.Disk);
        await _test.CheckpointAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _test!.DisposeAsync();
        _folder.Dispose();
    }

    internal static double Score(Metric metric, float[] left, float[] right)
    {
        double squares = 0, dot = 0, normLeft = 0, normRight = 0;
        for (int i = 0; i < left.Length; i++)
        {
            squares += ((double)left[i] - right[i]) * ((double)left[i] - right[i]);
            dot += (double)left[i] * right[i];
            normLeft += (double)left[i] * left[i];
            normRight += (double)right[i] * right[i];
        }

        return metric switch
        {
            Metric.L2 => Math.Sqrt(squares),
            Metric.Cosine => dot / Math.Sqrt(normLeft * normRight),
            _ => dot,
        };
    }

    /// <summary>The points that satisfy a condition, best first.</summary>
    internal (int Point, double Score)[] Ranking(Metric metric, float[] query, Func<int, bool>? accepts = null)
    {
        int sign = metric == Metric.L2 ? 1 : -1;
        return [.. Enumerable.Range(0, Points).Where(i => accepts is null || accepts(i))
            .Select(i => (Point: i, Score: Score(metric, query, Vectors[i]))).OrderBy(one => sign * one.Score)];
    }

    internal static bool IsWithin(Metric metric, double score, double threshold) => metric == Metric.L2 ? score <= threshold : score >= threshold;

    private async Task LoadAsync(string name, Metric metric, VectorPlacement placement)
    {
        Collection collection = await _test!.CreateAsync(new CollectionConfig
        {
            Name = name,
            Dimension = Dimension,
            Metric = metric,
            // Walked on vectors, on codes of 8 bits, and of 4.
            Quantization = metric == Metric.L2 ? Quantization.Int8 : metric == Metric.Dot ? Quantization.Int4 : Quantization.None,
            VectorPlacement = placement,
            Attributes =
            [
                new AttributeSchema("owner", AttributeType.Keyword),
                new AttributeSchema("shelf", AttributeType.Int64),
                new AttributeSchema("labels", AttributeType.KeywordList),
                new AttributeSchema("place", AttributeType.GeoPoint),
                new AttributeSchema("u", AttributeType.Int64),
            ],
        });
        Point[] points = [.. Enumerable.Range(0, Points).Select(i => new Point(PointId.FromNumber((ulong)i), Vectors[i], Attributes[i]))];
        Assert.Null((await collection.UpsertAsync(points, new Faults(), CancellationToken.None)).Error);
    }

    private static Dictionary<string, AttributeValue> AttributesOf(Random random, bool isNear)
    {
        Dictionary<string, AttributeValue> attributes = new()
        {
            ["owner"] = AttributeValue.Of(isNear && random.Next(10) != 0 ? "one" : $"owner {random.Next(80)}"),
            ["u"] = AttributeValue.Of((long)random.Next(1000)),
        };
        if (random.Next(20) != 0)
        {
            attributes["shelf"] = AttributeValue.Of((long)random.Next(5));
        }

        switch (random.Next(4))
        {
            case 0:
                attributes["loose"] = AttributeValue.Of((long)random.Next(30));
                break;
            case 1:
                attributes["loose"] = AttributeValue.Of(random.Next(60) / 2.0);
                break;
            case 2:
                attributes["loose"] = AttributeValue.Of([$"owner {random.Next(10)}"]);
                break;
        }

        return attributes;
    }
}
