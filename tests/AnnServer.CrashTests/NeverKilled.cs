using System.Diagnostics.Metrics;
using AnnServer.Engine;
using AnnServer.Engine.Attributes;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using Microsoft.Extensions.Logging.Abstractions;

namespace AnnServer.CrashTests;

/// <summary>The same engine in this process, fed by one writer with the same changes, and never killed.</summary>
internal sealed class NeverKilled : IAsyncDisposable
{
    private readonly Database _database;
    private readonly Collection _collection;

    private NeverKilled(Database database, Collection collection)
    {
        _database = database;
        _collection = collection;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<NeverKilled> OpenAsync(string folder, CollectionConfig config)
    {
        Database database = await Database.OpenAsync(
            new DatabaseOptions { DataDirectory = folder, PlanningThreads = 1 }, NullLoggerFactory.Instance, new Meters(), Cancellation);
        Assert.Null((await database.CreateCollectionAsync(config, new Faults(), Cancellation)).Error);
        return new NeverKilled(database, database.GetCollection(config.Name).Value);
    }

    public async Task ApplyAsync(IEnumerable<OrderedChange> changes)
    {
        // Durability of this one is of no interest; not waiting for each change saves a commit.
        var writes = new List<Task>();
        foreach (OrderedChange change in changes)
        {
            writes.Add(ApplyAsync(change));
        }

        await Task.WhenAll(writes);
    }

    public SearchAnswer Search(float[] query, int ef) => _collection.Search(
        new SearchQuery { Vector = query, K = 10, Ef = ef, WithAttributes = true }, new Faults(), Cancellation).Value;

    public long Count => _collection.Count(FilterSpec.None, 0, new Faults(), Cancellation).Value;

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    // Of one point and from one writer: such a call has made its change when it returns a task, and only the wait for the disk is
    // asynchronous.
    private async Task ApplyAsync(OrderedChange change)
    {
        PointId id = PointId.FromNumber(change.Id);
        if (change.State is not { } state)
        {
            Assert.Null((await _collection.DeleteAsync([id], new Faults(), Cancellation)).Error);
        }
        else if (change.OnlyAttributes)
        {
            var update = new AttributeUpdate(id, Attributes(state), [], true);
            Assert.Null((await _collection.UpdateAttributesAsync([update], new Faults(), Cancellation)).Error);
        }
        else
        {
            Assert.Null((await _collection.UpsertAsync([new Point(id, state.Floats(), Attributes(state))], new Faults(), Cancellation)).Error);
        }
    }

    private static Dictionary<string, AttributeValue> Attributes(PointState state)
    {
        var attributes = new Dictionary<string, AttributeValue>();
        if (state.Number is { } number)
        {
            attributes.Add("number", AttributeValue.Of(number));
        }

        if (state.Color is { } color)
        {
            attributes.Add("color", AttributeValue.Of(color));
        }

        return attributes;
    }

    private sealed class Meters : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
