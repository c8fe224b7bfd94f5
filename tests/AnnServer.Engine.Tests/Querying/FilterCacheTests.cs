using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Querying;

/// <summary>Filters that come again are not evaluated again while nothing changes, and never answer with what was.</summary>
public sealed class FilterCacheTests
{
    private const int Points = 500;
    private const int Dimension = 4;

    private static readonly CollectionConfig Config = new()
    {
        Name = "points",
        Dimension = Dimension,
        Metric = Metric.L2,
        Attributes = [new AttributeSchema("r", AttributeType.Int64)],
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Compile_SameText_GivesTheSameFilter()
    {
        var cache = new FilterCache(1 << 20);

        CompiledFilter? first = Compile(cache, "r < 5 AND r > 1");

        Assert.Same(first, Compile(cache, "r < 5 AND r > 1"));
        // Written otherwise, as messages too.
        Assert.Same(first, Compile(cache, "r > 1 AND r < 5"));
        Assert.Same(first, cache.Compile(1, new FilterSpec(null, first!.Predicate), Config, new EngineLimits(), new Faults()));
        Assert.NotSame(first, Compile(cache, "r < 6 AND r > 1"));
        // Of another collection, or one whose attributes have changed.
        Assert.NotSame(first, cache.Compile(2, new FilterSpec("r < 5 AND r > 1", null), Config, new EngineLimits(), new Faults()));
        Assert.NotSame(first, cache.Compile(1, new FilterSpec("r < 5 AND r > 1", null), Config with { Attributes = [] }, new EngineLimits(), new Faults()));
    }

    [Fact]
    public void Compile_FaultyOrNone_IsNull()
    {
        var cache = new FilterCache(1 << 20);
        for (int i = 0; i < 2; i++)
        {
            var faults = new Faults();
            Assert.Null(cache.Compile(1, new FilterSpec("r <", null), Config, new EngineLimits(), faults));
            Assert.True(faults.Any);
            Assert.Null(Compile(cache, "  "));
        }

        Assert.Null(cache.Compile(1, FilterSpec.None, Config, new EngineLimits(), new Faults()));
    }

    [Fact]
    public void Evaluated_Twice_IsKeptWhileNothingChanges()
    {
        var cache = new FilterCache(1 << 20);
        CompiledFilter filter = Compile(cache, "r < 5")!;
        OrdinalBitmap matches = Bitmap(1000, 3);

        cache.Evaluated(1, filter, revision: 4, live: 900, matches, 1);
        Assert.Null(filter.Last!.Matches);
        cache.Evaluated(1, filter, revision: 4, live: 900, matches, 1);
        Assert.Equal([3u], Members(filter.Last!.Matches!, new BitmapPool()));
        // A copy: the other is used for the next filter.
        matches.Reset(1000);
        Assert.Equal([3u], Members(filter.Last!.Matches!, new BitmapPool()));
        Assert.True(filter.Last.IsOf(4, 900));
        Assert.False(filter.Last.IsOf(6, 900));
        Assert.False(filter.Last.IsOf(4, 901));
    }

    /// <summary>In bits or as ordinals, in as little memory as either takes where one of them takes much less.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(700)]
    public void KeptMatches_FewOrMany_AreTheSameAgainAndAgain(int count)
    {
        uint[] members = [.. Enumerable.Range(0, count).Select(static i => (uint)((i * 7) % 1000)).Order()];
        OrdinalBitmap matches = Bitmap(1000, members);
        var kept = new KeptMatches(matches, count);
        matches.Reset(1000);

        // The second time with what the first has given back.
        var pool = new BitmapPool();
        Assert.Equal(members, Members(kept, pool));
        Assert.Equal(members, Members(kept, pool));
        Assert.Equal(count <= 8, !ReferenceEquals(kept.Bits(pool, out bool isRented), kept.Bits(pool, out _)));
        Assert.Equal(count <= 8, isRented);
        // 1,000 bits are 128 bytes; eight ordinals a fourth of that.
        Assert.Equal(count <= 8 ? 4 * count : 128, kept.Bytes);
    }

    [Fact]
    public void Evaluated_ManyFilters_StaysWithinItsBytesAndKeepsTheLastUsed()
    {
        const int Capacity = 100_000;
        var cache = new FilterCache(Capacity);
        CompiledFilter first = Compile(cache, "r < 0")!;
        OrdinalBitmap matches = Bitmap(64_000, Every(10, 64_000));
        for (int i = 1; i < 100; i++)
        {
            CompiledFilter filter = Compile(cache, $"r < {i}")!;
            cache.Evaluated(1, filter, 0, 1, matches, 6400);
            cache.Evaluated(1, filter, 0, 1, matches, 6400);
            Assert.NotNull(filter.Last!.Matches);
            Assert.InRange(cache.Bytes, 1, Capacity);
            Assert.Same(first, Compile(cache, "r < 0"));
        }

        Assert.NotSame(first, Compile(new FilterCache(0), "r < 0"));
    }

    [Fact]
    public void Evaluated_LargerThanTheCache_IsNotKept()
    {
        var cache = new FilterCache(2000);
        CompiledFilter many = Compile(cache, "r < 500000")!;
        OrdinalBitmap half = Bitmap(1_000_000, Every(2, 1_000_000));
        cache.Evaluated(1, many, 0, 1, half, 500_000);
        cache.Evaluated(1, many, 0, 1, half, 500_000);
        Assert.Null(many.Last?.Matches);

        // What is in it takes no room where it is few, however many there are.
        CompiledFilter few = Compile(cache, "r < 5")!;
        cache.Evaluated(1, few, 0, 1, Bitmap(1_000_000, 3), 1);
        cache.Evaluated(1, few, 0, 1, Bitmap(1_000_000, 3), 1);
        Assert.NotNull(few.Last?.Matches);
        Assert.InRange(cache.Bytes, 1, 2000);
    }

    /// <summary>Every kind of change between two searches with one filter, which has been kept before.</summary>
    [Fact]
    public async Task Search_SameFilterAfterAnyChange_SeesIt()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config);
        Dictionary<ulong, long> model = [];
        var random = new Random(1);
        for (int i = 0; i < Points; i++)
        {
            await UpsertAsync((ulong)i, i);
        }

        for (int round = 0; round < 60; round++)
        {
            // Kept at the latest the third time.
            for (int i = 0; i < 3; i++)
            {
                AssertMatching();
            }

            ulong id = (ulong)random.Next(Points + 50);
            switch (round % 4)
            {
                case 0:
                    await UpsertAsync(id, random.Next(100));
                    break;
                case 1:
                    Assert.Null((await collection.DeleteAsync([PointId.FromNumber(id)], new Faults(), Cancellation)).Error);
                    model.Remove(id);
                    break;
                case 2:
                    long r = random.Next(100);
                    var update = new AttributeUpdate(PointId.FromNumber(id), new Dictionary<string, AttributeValue> { ["r"] = AttributeValue.Of(r) }, [], false);
                    Assert.Null((await collection.UpdateAttributesAsync([update], new Faults(), Cancellation)).Error);
                    if (model.ContainsKey(id))
                    {
                        model[id] = r;
                    }

                    break;
                default:
                    await UpsertAsync((ulong)(Points + 100 + round), random.Next(100));
                    break;
            }

            AssertMatching();
        }

        void AssertMatching()
        {
            foreach (string filter in (string[])["r < 50", "r < 50 AND NOT r = 7", "other < 50"])
            {
                var query = new SearchQuery { Vector = new float[Dimension], K = 1000, Filter = new FilterSpec(filter, null) };
                ulong[] expected = [.. model.Where(point => point.Value < 50 && (!filter.Contains("NOT") || point.Value != 7)).Select(point => point.Key).Order()];
                expected = filter.StartsWith("other", StringComparison.Ordinal) ? [] : expected;
                SearchAnswer answer = collection.Search(query, new Faults(), Cancellation).Value;
                Assert.Equal(expected, answer.Hits.Select(static hit => hit.Id.Number).Order());
                Assert.Equal(expected.Length, answer.Report.Matching);
            }
        }

        async Task UpsertAsync(ulong id, long r)
        {
            var point = new Point(
                PointId.FromNumber(id), RandomPoints.Vector(random, Dimension), new Dictionary<string, AttributeValue> { ["r"] = AttributeValue.Of(r) });
            Assert.Null((await collection.UpsertAsync([point], new Faults(), Cancellation)).Error);
            model[id] = r;
        }
    }

    /// <summary>A filter that reads points is short work once what it matches is kept.</summary>
    [Fact]
    public async Task TrySearch_FilterThatReadsPoints_IsShortWhereItIsKept()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await test.CreateAsync(Config);
        var random = new Random(2);
        Point[] points = [.. Enumerable.Range(0, Points).Select(i => new Point(
            PointId.FromNumber((ulong)i), RandomPoints.Vector(random, Dimension), new Dictionary<string, AttributeValue> { ["other"] = AttributeValue.Of(i) }))];
        Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
        var query = new SearchQuery { Vector = new float[Dimension], K = 3, Filter = new FilterSpec("other < 20", null) };
        var answer = new SearchAnswer();

        Assert.False(collection.TrySearch(query, answer, 100, new Faults(), Cancellation).Value);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(3, collection.Search(query, new Faults(), Cancellation).Value.Hits.Count);
        }

        Assert.True(collection.TrySearch(query, answer, 100, new Faults(), Cancellation).Value);
        Assert.Equal(20, answer.Report.Matching);
    }

    private static CompiledFilter? Compile(FilterCache cache, string expression) =>
        cache.Compile(1, new FilterSpec(expression, null), Config, new EngineLimits(), new Faults());

    private static OrdinalBitmap Bitmap(int length, params uint[] ordinals)
    {
        var bitmap = new OrdinalBitmap();
        bitmap.Reset(length);
        foreach (uint ordinal in ordinals)
        {
            bitmap.Add(ordinal);
        }

        return bitmap;
    }

    private static uint[] Every(int step, int length) => [.. Enumerable.Range(0, length / step).Select(i => (uint)(i * step))];

    private static uint[] Members(KeptMatches kept, BitmapPool pool)
    {
        OrdinalBitmap bits = kept.Bits(pool, out bool isRented);
        List<uint> members = [];
        foreach (uint ordinal in bits)
        {
            members.Add(ordinal);
        }

        if (isRented)
        {
            pool.Return(bits);
        }

        return [.. members];
    }
}
