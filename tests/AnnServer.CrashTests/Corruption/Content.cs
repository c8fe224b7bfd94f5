using System.Text;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.CrashTests.Corruption;

/// <summary>
/// What a collection holds and how it answers: every point, and a few searches, some exact and some walks over its graph, with the
/// bits of their scores and the work they took.
/// </summary>
internal sealed record Content(IReadOnlyDictionary<ulong, PointState> Points, IReadOnlyList<string> Answers)
{
    private const int K = 10;
    private const int Ef = 24;
    private const int QueriesPerKind = 3;
    private const int FilterBound = 400;

    /// <summary>Reads all of it.</summary>
    public static Content Of(Collection collection) => new(
        Read(collection),
        [.. Queries(collection.Config.Dimension).Select(query => Describe(collection.Search(query, new Faults(), CancellationToken.None).Value))]);

    /// <summary>What is not as it must be; null where all of it is.</summary>
    public string? Difference(Content actual) => PointDifference(actual.Points)
        ?? Answers.Zip(actual.Answers)
            .Where(static pair => pair.First != pair.Second)
            .Select(static pair => $"an answer is {pair.Second}, must be {pair.First}")
            .FirstOrDefault();

    /// <summary>As above, of the points alone.</summary>
    public string? PointDifference(IReadOnlyDictionary<ulong, PointState> actual)
    {
        foreach (ulong id in Points.Keys.Union(actual.Keys))
        {
            PointState? expected = Points.GetValueOrDefault(id);
            PointState? found = actual.GetValueOrDefault(id);
            if (expected != found)
            {
                return $"point {id} is {(found is null ? "missing" : expected is null ? "there and must not be" : "another")}";
            }
        }

        return null;
    }

    public static Dictionary<ulong, PointState> Read(Collection collection)
    {
        var points = new Dictionary<ulong, PointState>();
        var query = new ScrollQuery { PageSize = 500, WithAttributes = true, WithVector = true };
        do
        {
            ScrollPage page = collection.Scroll(query, new Faults()).Value;
            foreach (Point point in page.Points)
            {
                points.Add(point.Id.Number, PointState.Of(point));
            }

            query = query with { PageToken = page.NextPageToken };
        }
        while (query.PageToken.Length > 0);

        return points;
    }

    /// <summary>Requires the exact answers to be those of comparing with every point in float64.</summary>
    public void AssertExact(CollectionConfig config)
    {
        SearchQuery[] queries = [.. Queries(config.Dimension)];
        for (int i = 0; i < queries.Length; i++)
        {
            if (queries[i].Exact)
            {
                IEnumerable<ulong> nearest = Points
                    .Where(point => queries[i].Filter.IsNone || point.Value.Number < FilterBound)
                    .OrderBy(point => Distance(config.Metric, queries[i].Vector.Span, point.Value.Floats()))
                    .Take(K)
                    .Select(point => point.Key);
                Assert.Equal(string.Join(' ', nearest), string.Join(' ', Ids(Answers[i])));
            }
        }
    }

    private static IEnumerable<SearchQuery> Queries(int dimension)
    {
        var random = new Random(dimension);
        foreach (bool exact in new[] { true, false })
        {
            foreach (FilterSpec filter in new[] { FilterSpec.None, new FilterSpec($"number < {FilterBound}", null) })
            {
                for (int i = 0; i < QueriesPerKind; i++)
                {
                    float[] vector = PointState.Random(random, dimension).Floats();
                    yield return new SearchQuery { Vector = vector, K = K, Ef = Ef, Exact = exact, Filter = filter };
                }
            }
        }
    }

    private static string Describe(SearchAnswer answer)
    {
        var text = new StringBuilder();
        foreach (SearchHit hit in answer.Hits)
        {
            text.Append(hit.Id.Number).Append('=').Append(BitConverter.SingleToInt32Bits(hit.Score).ToString("x8")).Append(' ');
        }

        SearchReport report = answer.Report;
        return text.Append($"{report.Strategy} {report.DistanceComputations} {report.Expansions}").ToString();
    }

    private static IEnumerable<string> Ids(string answer) =>
        answer.Split(' ').Where(static word => word.Contains('=')).Select(static word => word.Split('=')[0]);

    private static double Distance(Metric metric, ReadOnlySpan<float> query, ReadOnlySpan<float> vector)
    {
        double dot = 0, squares = 0, length = 0;
        for (int i = 0; i < query.Length; i++)
        {
            dot += (double)query[i] * vector[i];
            squares += Math.Pow((double)query[i] - vector[i], 2);
            length += (double)vector[i] * vector[i];
        }

        return metric switch { Metric.L2 => squares, Metric.Dot => -dot, _ => -dot / Math.Sqrt(length) };
    }
}
