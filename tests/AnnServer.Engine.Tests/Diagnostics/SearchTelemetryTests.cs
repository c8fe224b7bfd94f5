using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Diagnostics;
using AnnServer.Engine.Model;
using AnnServer.Engine.Tests.Collections;

namespace AnnServer.Engine.Tests.Diagnostics;

/// <summary>What a report says is also in the span of its search and in the metrics.</summary>
public sealed class SearchTelemetryTests
{
    // Databases of other tests have spans and instruments of the same names.
    private readonly string _name = $"telemetry-{Guid.NewGuid():N}";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Search_Listened_PutsTheWholeReportIntoItsSpan()
    {
        ConcurrentQueue<Activity> spans = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name == EngineTracing.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (span.GetTagItem("db.collection.name") as string == _name)
                {
                    spans.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test);
        foreach (SearchQuery query in Queries())
        {
            SearchAnswer answer = new();
            Assert.True(collection.TrySearch(query, answer, 1_000_000, new Faults(), Cancellation).Value);

            Assert.True(spans.TryDequeue(out Activity? span));
            Assert.Empty(spans);
            SearchReport report = answer.Report;
            Dictionary<string, object?> expected = new()
            {
                ["db.system.name"] = "annserver",
                ["db.operation.name"] = "search",
                ["db.collection.name"] = _name,
                ["db.response.returned_rows"] = answer.Hits.Count,
                ["ann.strategy"] = report.Strategy.ToName(),
                ["ann.ef"] = report.EfUsed,
                ["ann.distance_computations"] = report.DistanceComputations,
                ["ann.expansions"] = report.Expansions,
                ["ann.estimated_selectivity"] = report.Selectivity,
                ["ann.matching"] = report.Matching,
                ["ann.recall_estimate"] = report.RecallEstimate,
                ["ann.exact_fallback"] = report.ExactFallback,
                ["ann.filter_us"] = report.FilterMicroseconds,
                ["ann.search_us"] = report.SearchMicroseconds,
                ["ann.total_us"] = report.TotalMicroseconds,
            };
            Assert.Equal(expected.OrderBy(tag => tag.Key, StringComparer.Ordinal), span.TagObjects.OrderBy(tag => tag.Key, StringComparer.Ordinal));
        }
    }

    // A server asks first how long a search would take, which evaluates the filter.
    [Theory]
    [InlineData(1_000_000)]
    [InlineData(long.MaxValue)]
    public async Task Search_WithAFilter_ReportsItsTimeAndCountsItInTheTotal(long limit)
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test);
        SearchAnswer answer = new();
        foreach (string? filter in (string?[])["n < 700", "note = \"x\"", null])
        {
            SearchQuery query = new() { Vector = new float[] { 1, 2 }, K = 5, Filter = filter is null ? FilterSpec.None : new FilterSpec(filter, null) };
            Assert.True(collection.TrySearch(query, answer, limit, new Faults(), Cancellation).Value);

            Assert.Equal(filter is not null, answer.Report.FilterMicroseconds > 0);
            Assert.True(answer.Report.SearchMicroseconds > 0);
            Assert.True(answer.Report.TotalMicroseconds >= answer.Report.FilterMicroseconds + answer.Report.SearchMicroseconds);
        }
    }

    [Fact]
    public async Task SearchBatch_OneFilterForAll_ReportsAShareOfItsTimeForEach()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test);
        SearchQuery query = new() { Vector = new float[] { 1, 2 }, K = 5, Filter = new FilterSpec("n < 700", null) };
        SearchAnswer[] answers = [new(), new(), new()];

        Assert.True(collection.TrySearchBatch([query, query, query], answers, 1_000_000, new Faults(), Cancellation).Value);

        Assert.All(answers, answer => Assert.InRange(answer.Report.FilterMicroseconds, double.Epsilon, answer.Report.TotalMicroseconds));
        Assert.Single(answers.Select(answer => answer.Report.FilterMicroseconds).Distinct());
    }

    [Fact]
    public async Task Search_Measured_CountsStrategiesDistancesFallbacksAndFilterTimes()
    {
        using var folder = new DataFolder();
        await using TestDatabase test = await TestDatabase.OpenAsync(folder);
        Collection collection = await LoadAsync(test);
        ConcurrentDictionary<string, double> measured = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = static (instrument, self) =>
        {
            if (instrument.Name.StartsWith("ann.search", StringComparison.Ordinal))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((instrument, seconds, tags, _) =>
        {
            if (IsMine(tags))
            {
                string name = $"{instrument.Name} {Tag(tags, "ann.strategy")}".TrimEnd();
                measured.AddOrUpdate($"count {name}", 1, static (_, count) => count + 1);
                measured.AddOrUpdate($"sum {name}", seconds, (_, sum) => sum + seconds);
            }
        });
        listener.SetMeasurementEventCallback<long>((instrument, total, tags, _) =>
        {
            if (IsMine(tags))
            {
                measured[instrument.Name] = total;
            }
        });
        listener.Start();
        Dictionary<string, double> expected = [];
        double distances = 0;
        double fallbacks = 0;
        foreach (SearchQuery query in Queries())
        {
            SearchReport report = collection.Search(query, new Faults(), Cancellation).Value.Report;
            Add($"ann.search.duration {report.Strategy.ToName()}", report.TotalMicroseconds);
            if (!query.Filter.IsNone)
            {
                Add("ann.search.filter.duration", report.FilterMicroseconds);
            }

            distances += report.DistanceComputations;
            fallbacks += report.ExactFallback ? 1 : 0;
        }

        listener.RecordObservableInstruments();

        expected["ann.search.distances"] = distances;
        expected["ann.search.fallbacks"] = fallbacks;
        Assert.Contains("count ann.search.duration graph", expected);
        Assert.Contains("count ann.search.duration exact", expected);
        Assert.Equal(2, expected["count ann.search.filter.duration"]);
        Assert.Equal(expected.Keys.Order(), measured.Keys.Order());
        Assert.All(expected, entry => Assert.Equal(entry.Value, measured[entry.Key], 9));

        bool IsMine(ReadOnlySpan<KeyValuePair<string, object?>> tags) => Tag(tags, "ann.collection") as string == _name;

        void Add(string instrument, double microseconds)
        {
            expected[$"count {instrument}"] = expected.GetValueOrDefault($"count {instrument}") + 1;
            expected[$"sum {instrument}"] = expected.GetValueOrDefault($"sum {instrument}") + (microseconds / 1e6);
        }
    }

    private static object? Tag(ReadOnlySpan<KeyValuePair<string, object?>> tags, string name)
    {
        foreach ((string key, object? value) in tags)
        {
            if (key == name)
            {
                return value;
            }
        }

        return null;
    }

    private static SearchQuery[] Queries()
    {
        SearchQuery query = new() { Vector = new float[] { 1, 2 }, K = 5 };
        return
        [
            query with { Ef = 16 }, query with { Exact = true }, query with { Filter = new FilterSpec("n < 700", null), Ef = 40 },
            query with { Filter = new FilterSpec("note = \"x\"", null) },
        ];
    }

    private async Task<Collection> LoadAsync(TestDatabase test)
    {
        Collection collection = await test.CreateAsync(new CollectionConfig
        {
            Name = _name,
            Dimension = 2,
            Metric = Metric.L2,
            Attributes = [new("n", AttributeType.Int64)],
        });
        Random random = new(5);
        Point[] points = [.. Enumerable.Range(0, 5000).Select(i => new Point(
            PointId.FromNumber((ulong)i),
            new float[] { random.NextSingle(), random.NextSingle() },
            new Dictionary<string, AttributeValue> { ["n"] = AttributeValue.Of((long)i), ["note"] = AttributeValue.Of(i % 50 == 0 ? "x" : "y") }))];
        Assert.Null((await collection.UpsertAsync(points, new Faults(), Cancellation)).Error);
        return collection;
    }
}
