using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.CrashTests;

/// <summary>The same engine in this process, fed by one writer with the same changes, and never killed.</summary>
internal sealed class NeverKilled : IAsyncDisposable
{
    private readonly LocalDatabase _local;
    private readonly Collection _collection;

    private NeverKilled(LocalDatabase local, Collection collection)
    {
        _local = local;
        _collection = collection;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<NeverKilled> OpenAsync(string folder, CollectionConfig config)
    {
        LocalDatabase local = await LocalDatabase.OpenAsync(folder);
        Assert.Null((await local.Database.CreateCollectionAsync(config, new Faults(), Cancellation)).Error);
        return new NeverKilled(local, local.Database.GetCollection(config.Name).Value);
    }

    public async Task ApplyAsync(IEnumerable<OrderedChange> changes)
    {
        // Durability of this one is of no interest; not waiting for each change saves a commit.
        var writes = new List<Task>();
        foreach (OrderedChange change in changes)
        {
            writes.Add(change.ApplyAsync(_collection, Cancellation));
        }

        await Task.WhenAll(writes);
    }

    public SearchAnswer Search(float[] query, int ef) => _collection.Search(
        new SearchQuery { Vector = query, K = 10, Ef = ef, WithAttributes = true }, new Faults(), Cancellation).Value;

    public long Count => _collection.Count(FilterSpec.None, 0, new Faults(), Cancellation).Value;

    public ValueTask DisposeAsync() => _local.DisposeAsync();
}
