using AnnServer.Core.Filtering;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Model;
using AnnServer.Engine.Querying;
using AnnServer.Engine.Tests.Querying;

namespace AnnServer.Engine.Tests.Attributes;

public sealed class AttributeTableTests
{
    private const int Points = 400;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Evaluate_AfterRandomWrites_AgreesWithNaiveFilter(int seed)
    {
        Random random = new(seed);
        RandomFilters filters = new(random);
        using AttributeTable table = new(RandomFilters.Schemas);
        Dictionary<string, AttributeValue>?[] model = new Dictionary<string, AttributeValue>?[Points];
        for (int round = 0; round < 40; round++)
        {
            for (int write = 0; write < 100; write++)
            {
                uint ordinal = (uint)random.Next(Points);
                model[ordinal] = filters.NextAttributes();
                table.Set(ordinal, Encode(model[ordinal]));
            }

            CheckPredicates(table, model, filters, random, $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void IsUnchangedSince_WritesOfSomeAndOfManyOrdinals_SaysNoForThoseAndWhereItNoLongerKnows()
    {
        using AttributeTable table = new([]);
        OrdinalBitmap looked = BitmapOf(Points);
        looked.Add(3);
        looked.Add(5);
        long version = table.Version;
        Assert.True(table.IsUnchangedSince(version, looked));
        table.Set(4, null);
        table.Set(Points + 5, null);
        Assert.True(table.IsUnchangedSince(version, looked));
        table.Set(5, null);
        Assert.False(table.IsUnchangedSince(version, looked));

        version = table.Version;
        Assert.True(table.IsUnchangedSince(version, looked));
        for (int i = 0; i < 3000; i++)
        {
            table.Set(4, null);
        }

        Assert.False(table.IsUnchangedSince(version, looked));
    }

    [Fact]
    public void RebuildIndexes_AfterBulkLoad_AnswersAsAfterSets()
    {
        Random random = new(11);
        RandomFilters filters = new(random);
        using AttributeTable table = new(RandomFilters.Schemas);
        Dictionary<string, AttributeValue>?[] model = new Dictionary<string, AttributeValue>?[Points];
        table.BeginBulkLoad();
        for (int write = 0; write < 1000; write++)
        {
            uint ordinal = (uint)random.Next(Points);
            model[ordinal] = filters.NextAttributes();
            table.Set(ordinal, Encode(model[ordinal]));
        }

        Assert.Throws<InvalidOperationException>(() => table.Evaluate(new Predicate.Exists("word"), BitmapOf(Points), null, null, TestContext.Current.CancellationToken));
        table.RebuildIndexes();
        CheckPredicates(table, model, filters, random, "after the load");

        for (uint ordinal = 0; ordinal < Points; ordinal += 2)
        {
            model[ordinal] = null;
            table.Clear(ordinal);
        }

        CheckPredicates(table, model, filters, random, "after the clears");
    }

    [Fact]
    public void AddAndDropIndex_OverStoredPoints_ChangeNoAnswer()
    {
        Random random = new(12);
        RandomFilters filters = new(random);
        using AttributeTable table = new([]);
        Dictionary<string, AttributeValue>?[] model = new Dictionary<string, AttributeValue>?[Points];
        for (uint ordinal = 0; ordinal < Points; ordinal++)
        {
            model[ordinal] = filters.NextAttributes();
            table.Set(ordinal, Encode(model[ordinal]));
        }

        foreach (AttributeSchema schema in RandomFilters.Schemas)
        {
            Assert.Equal(0, table.AddIndex(schema).Count);
            CheckPredicates(table, model, filters, random, $"after adding {schema.Name}");
        }

        Assert.True(table.IndexMemoryBytes > 0);
        foreach (AttributeSchema schema in RandomFilters.Schemas)
        {
            Assert.True(table.DropIndex(schema.Name));
            CheckPredicates(table, model, filters, random, $"after dropping {schema.Name}");
        }

        Assert.False(table.DropIndex("word"));
        Assert.Equal(0, table.IndexMemoryBytes);
    }

    [Fact]
    public void AddIndex_OverValuesOfAnotherType_IsRefusedAndSaysWhich()
    {
        using AttributeTable table = new([]);
        table.Set(3, Encode(new() { ["a"] = AttributeValue.Of("x") }));
        table.Set(5, Encode(new() { ["a"] = AttributeValue.Of(true) }));
        table.Set(6, Encode(new() { ["a"] = AttributeValue.Of(1L) }));

        IndexMismatches mismatches = table.AddIndex(new AttributeSchema("a", AttributeType.Double));

        Assert.Equal(new IndexMismatches(2, 3, AttributeKind.String), mismatches);
        Assert.False(table.DropIndex("a"));
    }

    [Fact]
    public void Set_MistypedValue_ThrowsAndChangesNothing()
    {
        using AttributeTable table = new(RandomFilters.Schemas);
        byte[] sound = Encode(new() { ["word"] = AttributeValue.Of("a") })!;
        table.Set(1, sound);

        Assert.Throws<ArgumentException>(() => table.Set(1, Encode(new() { ["word"] = AttributeValue.Of(1L) })));

        Assert.Same(sound, table.Get(1));
        OrdinalBitmap result = BitmapOf(4);
        table.Evaluate(new Predicate.In("word", [AttributeValue.Of("a")]), result, null, null, TestContext.Current.CancellationToken);
        Assert.Equal([1u], Members(result));
    }

    [Fact]
    public void Evaluate_ThatFails_LeavesTheTableUsable()
    {
        using AttributeTable table = new(RandomFilters.Schemas);
        Predicate mixed = new Predicate.And([new Predicate.Exists("word"), new Predicate.Exists("free")]);
        table.Set(1, Encode(new() { ["free"] = AttributeValue.Of(1L), ["word"] = AttributeValue.Of("a") }));

        Assert.Throws<OperationCanceledException>(() => table.Evaluate(mixed, BitmapOf(4), null, null, new CancellationToken(canceled: true)));

        table.Set(2, Encode(new() { ["free"] = AttributeValue.Of(1L), ["word"] = AttributeValue.Of("a") }));
        OrdinalBitmap result = BitmapOf(4);
        table.Evaluate(mixed, result, null, null, TestContext.Current.CancellationToken);
        Assert.Equal([1u, 2u], Members(result));
    }

    [Fact]
    public void Evaluate_MoreMixedOperandsThanAreKept_AgreesWithNaiveFilter()
    {
        RandomFilters filters = new(new Random(13));
        using AttributeTable table = new(RandomFilters.Schemas);
        Dictionary<string, AttributeValue>?[] model = new Dictionary<string, AttributeValue>?[Points];
        for (uint ordinal = 0; ordinal < Points; ordinal++)
        {
            model[ordinal] = filters.NextAttributes();
            table.Set(ordinal, Encode(model[ordinal]));
        }

        Predicate wide = new Predicate.Or([.. Enumerable.Range(0, 100).Select(i => new Predicate.And(
            [new Predicate.In("number", [AttributeValue.Of((long)i % 9)]), new Predicate.In("free", [AttributeValue.Of((long)i % 5)])]))]);
        OrdinalBitmap result = BitmapOf(Points);

        table.Evaluate(wide, result, null, null, TestContext.Current.CancellationToken);

        uint[] expected = [.. Enumerable.Range(0, Points).Where(i => NaiveFilter.Matches(wide, default, model[i])).Select(i => (uint)i)];
        Assert.NotEmpty(expected);
        Assert.Equal(expected, Members(result));
    }

    [Fact]
    public void Get_BeyondEverySet_IsNull()
    {
        using AttributeTable table = new([]);
        byte[] blob = Encode([])!;

        table.Set(100_000, blob);

        Assert.Null(table.Get(99_999));
        Assert.Null(table.Get(uint.MaxValue));
        Assert.Same(blob, table.Get(100_000));
        Assert.Equal(100_001, table.Length);
        Assert.True(table.MemoryBytes > blob.Length);
    }

    [Theory]
    [InlineData("side", "mirror", "flag")]
    [InlineData("side", "mirror", "free")]
    [InlineData("free", "loose", "mirror")]
    [InlineData("free", "loose", "open")]
    public async Task Evaluate_WhilePointsFlip_SeesEachOnOneSideOnly(string first, string second, string third)
    {
        // Every point has 0 or 1 in all its attributes and flips them at once: a reader that mixed two states would find a difference.
        AttributeSchema[] schemas = [new("side", AttributeType.Int64), new("mirror", AttributeType.Int64), new("flag", AttributeType.Int64)];
        using AttributeTable table = new(schemas);
        string[] names = ["side", "mirror", "flag", "free", "loose", "open"];
        byte[] left = Encode(names.ToDictionary(name => name, _ => AttributeValue.Of(0L)))!;
        byte[] right = Encode(names.ToDictionary(name => name, _ => AttributeValue.Of(1L)))!;
        for (uint ordinal = 0; ordinal < 256; ordinal++)
        {
            table.Set(ordinal, left);
        }

        Predicate[] isLeft = [.. ((string[])[first, second, third]).Select(name => new Predicate.In(name, [AttributeValue.Of(0L)]))];
        Predicate torn = new Predicate.Or(
        [
            new Predicate.And([isLeft[0], new Predicate.Not(isLeft[1])]),
            new Predicate.And([isLeft[1], new Predicate.Not(isLeft[2])]),
            new Predicate.And([isLeft[2], new Predicate.Not(isLeft[0])]),
        ]);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task writer = Task.Run(() => Flip(table, left, right, stop.Token), cancellation);
        Task<int>[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() => CountTorn(table, torn), cancellation))];

        int[] tornCounts = await Task.WhenAll(readers);
        await stop.CancelAsync();
        await writer;

        Assert.Equal([0, 0], tornCounts);
    }

    [Fact]
    public async Task Evaluate_WhileStringsAndPlacesFlip_SeesEachPointOnOneSideOnly()
    {
        using AttributeTable table = new([new("name", AttributeType.Keyword), new("title", AttributeType.Text), new("place", AttributeType.GeoPoint)]);
        byte[] left = Side("left-1", "On the left side", new GeoPoint(10, -179.9));
        byte[] right = Side("right-1", "On the right side", new GeoPoint(10, 0));
        for (uint ordinal = 0; ordinal < 256; ordinal++)
        {
            table.Set(ordinal, left);
        }

        Predicate[] isLeft =
        [
            new Predicate.Prefix("name", "left"), new Predicate.TextMatch("title", "left side the", TextMatchMode.All),
            new Predicate.GeoRadius("place", new GeoPoint(10, 179.9), 50_000),
        ];
        Predicate torn = new Predicate.Or(
        [
            new Predicate.And([isLeft[0], new Predicate.Not(isLeft[1])]),
            new Predicate.And([isLeft[1], new Predicate.Not(isLeft[2])]),
            new Predicate.And([isLeft[2], new Predicate.Not(isLeft[0])]),
        ]);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task writer = Task.Run(() => Flip(table, left, right, stop.Token), cancellation);
        Task<int>[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() => CountTorn(table, torn), cancellation))];

        int[] tornCounts = await Task.WhenAll(readers);
        await stop.CancelAsync();
        await writer;

        Assert.Equal([0, 0], tornCounts);

        static byte[] Side(string name, string title, GeoPoint place) => Encode(
            new() { ["name"] = AttributeValue.Of(name), ["title"] = AttributeValue.Of(title), ["place"] = AttributeValue.Of(place) })!;
    }

    private static void Flip(AttributeTable table, byte[] left, byte[] right, CancellationToken cancellation)
    {
        Random random = new(5);
        while (!cancellation.IsCancellationRequested)
        {
            table.Set((uint)random.Next(256), random.Next(2) == 0 ? left : right);
        }
    }

    private static int CountTorn(AttributeTable table, Predicate torn)
    {
        OrdinalBitmap result = new();
        int count = 0;
        for (int i = 0; i < 1000; i++)
        {
            result.Reset(256);
            table.Evaluate(torn, result, null, null, TestContext.Current.CancellationToken);
            count += result.Count();
        }

        return count;
    }

    private static void CheckPredicates(
        AttributeTable table, Dictionary<string, AttributeValue>?[] model, RandomFilters filters, Random random, string context)
    {
        OrdinalBitmap result = new();
        OrdinalBitmap scope = new();
        for (int i = 0; i < 25; i++)
        {
            Predicate written = filters.NextPredicate(4);
            Faults faults = new();
            bool compiled = FilterCompiler.TryCompile(
                new FilterSpec(null, written), RandomFilters.Schemas, new EngineLimits(), faults, out Predicate? canonical);
            Assert.True(compiled, $"{context}: {(faults.Any ? faults.ToError().Message : "")}");

            // A length short of some ordinals, as a reader has while points are added.
            int length = random.Next(Points / 2, Points + 70);
            scope.Reset(length);
            for (uint ordinal = 0; ordinal < (uint)length; ordinal++)
            {
                if (random.Next(4) > 0)
                {
                    scope.Add(ordinal);
                }
            }

            bool isScoped = random.Next(2) == 0;
            result.Reset(length);
            table.Evaluate(canonical!, result, new NumberResolver(), isScoped ? scope : null, TestContext.Current.CancellationToken);

            List<uint> expected = [];
            for (uint ordinal = 0; ordinal < (uint)length; ordinal++)
            {
                Dictionary<string, AttributeValue>? attributes = ordinal < Points ? model[ordinal] : null;
                if ((!isScoped || scope.Contains(ordinal)) && NaiveFilter.Matches(written, PointId.FromNumber(ordinal), attributes))
                {
                    expected.Add(ordinal);
                }
            }

            List<uint> found = Members(result);
            Assert.True(expected.SequenceEqual(found), $"{context}: {PredicateText.Of(canonical!)} differs at {string.Join(' ', expected.Except(found).Concat(found.Except(expected)).Take(3))}");
        }
    }

    private static byte[]? Encode(Dictionary<string, AttributeValue>? attributes) =>
        attributes is null ? null : AttributeCodec.Encode(attributes);

    private static OrdinalBitmap BitmapOf(int length)
    {
        OrdinalBitmap bitmap = new();
        bitmap.Reset(length);
        return bitmap;
    }

    private static List<uint> Members(OrdinalBitmap bitmap)
    {
        List<uint> members = [];
        foreach (uint ordinal in bitmap)
        {
            members.Add(ordinal);
        }

        return members;
    }

    private sealed class NumberResolver : IIdResolver
    {
        public bool TryResolve(PointId id, out uint ordinal)
        {
            ordinal = (uint)id.Number;
            return id.Key is null;
        }
    }
}
