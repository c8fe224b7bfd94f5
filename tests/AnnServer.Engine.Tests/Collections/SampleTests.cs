using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Tests.Collections;

public sealed class SampleTests
{
    private const int Points = 300;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // With n - 1 degrees of freedom the statistic has the mean n - 1 and the variance 2 (n - 1) times what drawing without replacement
    // leaves of it; at six standard deviations fair draws fail once in a hundred million, and the seeds are fixed.
    [Theory]
    [InlineData(1, 20_000)]
    [InlineData(7, 4000)]
    [InlineData(60, 1000)]
    public async Task Sample_ManySeeds_GivesEveryMatchingPointAsOftenAtEveryPlace(int count, int draws)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test);
        ulong[] matching = [.. Enumerable.Range(0, Points).Where(i => IsThere(i) && i % 3 == 1).Select(i => (ulong)i)];
        Dictionary<ulong, int> seen = matching.ToDictionary(id => id, _ => 0);
        Dictionary<ulong, int> first = matching.ToDictionary(id => id, _ => 0);
        for (int seed = 1; seed <= draws; seed++)
        {
            PointSample sample = Draw(collection, new SampleQuery { Count = count, Seed = (ulong)seed, Filter = new FilterSpec("rest = 1", null) });
            Assert.Equal(matching.Length, sample.Matching);
            Assert.Equal(count, sample.Points.Select(point => point.Id).Distinct().Count());
            first[sample.Points[0].Id.Number]++;
            foreach (Point point in sample.Points)
            {
                seen[point.Id.Number]++;
            }
        }

        AssertEven(seen.Values, (double)draws * count / matching.Length);
        AssertEven(first.Values, (double)draws / matching.Length);
    }

    [Fact]
    public async Task Sample_PairsOfAFewPoints_ComeAsOftenInEitherOrder()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test);
        Dictionary<(ulong, ulong), int> pairs = [];
        const int Draws = 6000;
        for (int seed = 1; seed <= Draws; seed++)
        {
            IReadOnlyList<Point> points = Draw(collection, new SampleQuery { Count = 2, Seed = (ulong)seed, Filter = new FilterSpec("number < 5", null) }).Points;
            (ulong, ulong) pair = (points[0].Id.Number, points[1].Id.Number);
            pairs[pair] = pairs.GetValueOrDefault(pair) + 1;
        }

        int there = Enumerable.Range(0, 5).Count(IsThere);
        Assert.Equal(there * (there - 1), pairs.Count);
        AssertEven(pairs.Values, (double)Draws / pairs.Count);
    }

    [Fact]
    public async Task Sample_SameSeed_IsTheSameAfterARestartAndAnotherWithoutSeed()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test);
        var query = new SampleQuery { Count = 20, Seed = 42, WithAttributes = true, WithVector = true };

        PointSample sample = Draw(collection, query);
        await test.RestartAsync();
        PointSample again = Draw(test.Collection("points"), query);
        PointId[][] unseeded = [.. Enumerable.Range(0, 5).Select(_ => Ids(Draw(test.Collection("points"), query with { Seed = null })))];

        Assert.Equal(Ids(sample), Ids(again));
        Assert.NotEqual(Ids(sample), Ids(Draw(test.Collection("points"), query with { Seed = 43 })));
        Assert.Equal(5, unseeded.Select(ids => string.Join(',', ids)).Distinct().Count());
        Assert.All(sample.Points, point =>
        {
            Assert.Equal((long)point.Id.Number, point.Attributes["number"].AsInt64());
            Assert.Equal([1, point.Id.Number], point.Vector.ToArray());
        });
    }

    [Theory]
    [InlineData("rest = 1", 10_000)]
    [InlineData("number = 4", 5)]
    [InlineData("number < 0", 1)]
    public async Task Sample_MoreThanMatch_IsAllOfThem(string filter, int count)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test);
        var spec = new FilterSpec(filter, null);
        PointId[] all = [.. ModelCollection.ScrollAll(collection, new ScrollQuery { Filter = spec }).Select(point => point.Id)];

        PointSample sample = Draw(collection, new SampleQuery { Count = count, Filter = spec });

        Assert.Equal(all, Ids(sample).Order());
        Assert.Equal(all.Length, sample.Matching);
    }

    [Fact]
    public async Task Sample_WhatIsWrong_IsNamed()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test);

        foreach (int count in (int[])[0, -1, 10_001])
        {
            EngineError? error = collection.Sample(
                new SampleQuery { Count = count, Filter = new FilterSpec("a >", null) }, new Faults(), Cancellation).Error;
            Assert.Equal(["count", "filter.expression"], error!.Violations.Select(violation => violation.Field));
        }

        EngineError? behind = collection.Sample(new SampleQuery { Count = 1, ReadAfter = 1000 }, new Faults(), Cancellation).Error;
        Assert.Equal(EngineStatus.FailedPrecondition, behind!.Status);
    }

    private static PointSample Draw(Collection collection, SampleQuery query) => collection.Sample(query, new Faults(), Cancellation).Value;

    private static PointId[] Ids(PointSample sample) => [.. sample.Points.Select(point => point.Id)];

    private static void AssertEven(IReadOnlyCollection<int> counts, double expected)
    {
        double statistic = counts.Sum(count => (count - expected) * (count - expected) / expected);
        int freedom = counts.Count - 1;
        Assert.True(statistic < freedom + (6 * Math.Sqrt(2 * freedom)), $"chi-square {statistic:F1} of {freedom} degrees of freedom");
    }

    // Some are deleted again, so that slots are not the numbers.
    private static bool IsThere(int number) => number % 7 != 3;

    private static async Task<Collection> LoadAsync(TestDatabase test)
    {
        Collection collection = await test.CreateAsync(new CollectionConfig
        {
            Name = "points",
            Dimension = 2,
            Metric = Metric.L2,
            Hnsw = new HnswConfig { M = 4, EfConstruction = 8 },
            Attributes = [new("rest", AttributeType.Int64)],
        });
        Point[] points = [.. Enumerable.Range(0, Points).Select(i => new Point(
            PointId.FromNumber((ulong)i),
            new float[] { 1, i },
            new Dictionary<string, AttributeValue> { ["number"] = AttributeValue.Of((long)i), ["rest"] = AttributeValue.Of(i % 3L) }))];
        Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
        PointId[] gone = [.. points.Select(point => point.Id).Where(id => !IsThere((int)id.Number))];
        Assert.Null((await collection.DeleteAsync(gone, new Faults(), Cancellation)).Error);
        return collection;
    }
}
