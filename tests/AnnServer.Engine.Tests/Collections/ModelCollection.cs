using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Collections;

/// <summary>The oracle: a dictionary, and answers by comparing with everything in float64.</summary>
internal sealed class ModelCollection(CollectionConfig config)
{
    public CollectionConfig Config { get; set; } = config;

    public Dictionary<PointId, ModelPoint> Points { get; } = [];

    public ModelCollection Clone()
    {
        var clone = new ModelCollection(Config);
        foreach ((PointId id, ModelPoint point) in Points)
        {
            clone.Points.Add(id, point);
        }

        return clone;
    }

    /// <summary>A vector as the collection keeps it.</summary>
    public float[] Kept(ReadOnlyMemory<float> vector) => Config.VectorStorage == VectorStorage.Float16
        ? Array.ConvertAll(vector.ToArray(), element => (float)(Half)element)
        : vector.ToArray();

    public double Score(ReadOnlySpan<float> query, ReadOnlySpan<float> vector) => Config.Metric switch
    {
        Metric.L2 => Math.Sqrt(Squares(query, vector)),
        Metric.Dot => Dot(query, vector),
        _ => Dot(query, vector) / Math.Sqrt(Dot(query, query) * Dot(vector, vector)),
    };

    /// <summary>Every matching point's score, best first.</summary>
    public double[] Ranking(float[] query, ModelFilter? filter)
    {
        double[] scores = [.. Matching(filter).Select(id => Score(query, Points[id].Vector))];
        Array.Sort(scores);
        if (Config.Metric != Metric.L2)
        {
            Array.Reverse(scores);
        }

        return scores;
    }

    public List<PointId> Matching(ModelFilter? filter) =>
        [.. Points.Where(p => filter is null || filter.Matches(p.Key, p.Value.Attributes)).Select(p => p.Key)];

    /// <summary>Requires the answer to be the k best, up to ties within the tolerance.</summary>
    public void AssertExact(float[] query, int k, ModelFilter? filter, IReadOnlyList<SearchHit> hits)
    {
        double[] ranking = Ranking(query, filter);
        Assert.Equal(Math.Min(k, ranking.Length), hits.Count);
        AssertSound(query, filter, hits);
        for (int i = 0; i < hits.Count; i++)
        {
            AssertClose(ranking[i], hits[i].Score);
        }
    }

    /// <summary>Requires enough hits, all of them right; the share of the true k best among them.</summary>
    public double AssertApproximate(float[] query, int k, ModelFilter? filter, IReadOnlyList<SearchHit> hits)
    {
        double[] ranking = Ranking(query, filter);
        int wanted = Math.Min(k, ranking.Length);
        Assert.Equal(wanted, hits.Count);
        AssertSound(query, filter, hits);
        return Recall(ranking, k, hits.Select(static hit => hit.Score));
    }

    /// <summary>The share of the true k best among points with these scores.</summary>
    public double Recall(float[] query, int k, IEnumerable<float> scores) => Recall(Ranking(query, null), k, scores);

    private double Recall(double[] ranking, int k, IEnumerable<float> scores)
    {
        int wanted = Math.Min(k, ranking.Length);
        if (wanted == 0)
        {
            return 1;
        }

        double sign = Config.Metric == Metric.L2 ? 1 : -1;
        double worst = (sign * ranking[wanted - 1]) + Tolerance(ranking[wanted - 1]);
        return scores.Count(score => sign * score <= worst) / (double)wanted;
    }

    public void AssertPoint(Point point)
    {
        if (!Points.TryGetValue(point.Id, out ModelPoint? expected))
        {
            Assert.Fail($"{point.Id} does not exist");
        }

        if (!expected.Vector.AsSpan().SequenceEqual(point.Vector.Span))
        {
            Assert.Fail($"{point.Id} has another vector");
        }

        AssertAttributes(expected.Attributes, point.Attributes);
    }

    public static void AssertAttributes(
        IReadOnlyDictionary<string, AttributeValue> expected, IReadOnlyDictionary<string, AttributeValue> actual)
    {
        if (expected.Count != actual.Count || expected.Any(a => !actual.TryGetValue(a.Key, out AttributeValue value) || value != a.Value))
        {
            // Says what differs, and is slow.
            Assert.Equal(expected.OrderBy(a => a.Key, StringComparer.Ordinal), actual.OrderBy(a => a.Key, StringComparer.Ordinal));
        }
    }

    /// <summary>Compares everything that is stored, by scroll, get and count.</summary>
    public void AssertAll(Collection collection)
    {
        Assert.Equal(Points.Count, collection.Count(FilterSpec.None, 0, new Faults(), TestContext.Current.CancellationToken).Value);
        Assert.Equal(Points.Count, collection.GetInfo().Points);
        var seen = new HashSet<PointId>();
        foreach (Point point in ScrollAll(collection, new ScrollQuery { WithAttributes = true, WithVector = true, PageSize = 333 }))
        {
            if (!seen.Add(point.Id))
            {
                Assert.Fail($"{point.Id} came twice");
            }

            AssertPoint(point);
        }

        Assert.Equal(Points.Count, seen.Count);
        foreach (PointId[] ids in Points.Keys.Chunk(500))
        {
            IReadOnlyList<Point> points = collection.Get(ids, true, true, 0, new Faults()).Value;
            AssertIds(ids, points);
            foreach (Point point in points)
            {
                AssertPoint(point);
            }
        }
    }

    public static void AssertIds(IEnumerable<PointId> expected, IEnumerable<Point> actual)
    {
        if (!expected.SequenceEqual(actual.Select(point => point.Id)))
        {
            // Says what differs, and is slow.
            Assert.Equal(expected, actual.Select(point => point.Id));
        }
    }

    public static IEnumerable<Point> ScrollAll(Collection collection, ScrollQuery query)
    {
        string token = "";
        do
        {
            ScrollPage page = collection.Scroll(query with { PageToken = token }, new Faults(), TestContext.Current.CancellationToken).Value;
            foreach (Point point in page.Points)
            {
                yield return point;
            }

            token = page.NextPageToken;
        }
        while (token.Length > 0);
    }

    // Distinct points that match, in order, each with the score, vector and attributes it has.
    private void AssertSound(float[] query, ModelFilter? filter, IReadOnlyList<SearchHit> hits)
    {
        Assert.Equal(hits.Count, hits.Select(hit => hit.Id).Distinct().Count());
        for (int i = 0; i < hits.Count; i++)
        {
            SearchHit hit = hits[i];
            AssertPoint(new Point(hit.Id, hit.Vector, hit.Attributes));
            ModelPoint point = Points[hit.Id];
            if (filter is not null && !filter.Matches(hit.Id, point.Attributes))
            {
                Assert.Fail($"{hit.Id} does not match");
            }

            AssertClose(Score(query, point.Vector), hit.Score);
            if (i > 0)
            {
                Assert.True(Config.Metric == Metric.L2 ? hits[i - 1].Score <= hit.Score : hits[i - 1].Score >= hit.Score);
            }
        }
    }

    private static double Squares(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        double squares = 0;
        for (int i = 0; i < left.Length; i++)
        {
            double difference = (double)left[i] - right[i];
            squares += difference * difference;
        }

        return squares;
    }

    private static double Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        double dot = 0;
        for (int i = 0; i < left.Length; i++)
        {
            dot += (double)left[i] * right[i];
        }

        return dot;
    }

    private static double Tolerance(double score) => 1e-5 * (1 + Math.Abs(score));

    private static void AssertClose(double expected, float actual)
    {
        if (!(Math.Abs(expected - actual) <= Tolerance(expected)))
        {
            Assert.Fail($"score {actual}, expected {expected}");
        }
    }
}
