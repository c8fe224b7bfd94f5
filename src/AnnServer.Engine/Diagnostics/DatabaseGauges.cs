using System.Diagnostics.Metrics;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Diagnostics;

/// <summary>
/// Gauges that are read when somebody collects them. Instruments cannot be taken back from a meter, which outlives a database that is
/// closed; they measure nothing from then on, and keep nothing of it.
/// </summary>
internal sealed class DatabaseGauges : IDisposable
{
    private volatile Database? _database;

    public DatabaseGauges(Meter meter, Database database)
    {
        _database = database;
        Gauge(meter, "ann.collections", static open => open.ListCollections().Count, "{collection}", "Collections.");
        meter.CreateObservableGauge("ann.points", () => PerCollection(static collection => collection.GetInfo().Points), "{point}", "Points that can be found.");
        meter.CreateObservableGauge(
            "ann.deleted_slots", () => PerCollection(static collection => collection.GetInfo().DeletedSlots), "{slot}", "Slots of deleted points not yet given back.");
        meter.CreateObservableGauge("ann.memory", Memory, "By", "Memory by collection and component.");
        meter.CreateObservableCounter(
            "ann.search.distances", () => PerCollection(static collection => collection.Data.Searches.Distances), "{distance}", "Distances computed by searches.");
        meter.CreateObservableCounter(
            "ann.search.fallbacks", () => PerCollection(static collection => collection.Data.Searches.Fallbacks), "{search}", "Graph walks given up for an exact scan.");
        Gauge(meter, "ann.log.size", static open => open.GetStats().LogBytes, "By", "Log that the next start replays.");
        Gauge(meter, "ann.page_store.size", static open => open.GetStats().PageStoreBytes, "By", "Bytes of the last checkpoint.");
        Gauge(meter, "ann.vector_memory.used", static open => open.VectorMemoryUsed, "By", "Memory for vectors that are kept on disk and are not there yet.");
        Gauge(meter, "ann.vector_memory.limit", static open => open.VectorMemoryLimit, "By", "What that memory is limited to.");
        Counter(meter, "ann.vectors.read", static open => open.VectorsRead, "{vector}", "Vectors read from the disk, for searches and for writing the page store anew; those that the file cache had do not count.");
        Counter(meter, "ann.log.sequence", static open => (long)open.GetStats().Sequence, "{record}", "Last write applied.");
        Counter(meter, "ann.log.durable_sequence", static open => (long)open.GetStats().DurableSequence, "{record}", "Last write known to be durable.");
        Gauge(meter, "ann.disk.free", static open => open.FreeDiskBytes, "By", "Space left on the disk of the data directory.");
        Gauge(meter, "ann.memory.process", static open => open.ProcessMemoryBytes, "By", "Memory that the process takes.");
        Gauge(meter, "ann.memory.limit", static open => open.MemoryLimitBytes, "By", "What that memory is limited to; 0 for no limit.");
        Gauge(meter, "ann.filter_cache.size", static open => open.FilterCacheBytes, "By", "Memory for filters that come again and what they match.");
        Gauge(meter, "ann.store.healthy", static open => open.Fault is null ? 1 : 0, null, "0 once the store has failed.");
    }

    public void Dispose() => _database = null;

    private void Gauge(Meter meter, string name, Func<Database, long> read, string? unit, string description) =>
        meter.CreateObservableGauge(name, () => One(read), unit, description);

    private void Counter(Meter meter, string name, Func<Database, long> read, string unit, string description) =>
        meter.CreateObservableCounter(name, () => One(read), unit, description);

    private Measurement<long>[] One(Func<Database, long> read) => _database is { } open ? [new Measurement<long>(read(open))] : [];

    private IEnumerable<Measurement<long>> PerCollection(Func<Collection, long> read)
    {
        foreach (Collection collection in _database?.ListCollections() ?? [])
        {
            yield return new Measurement<long>(read(collection), new KeyValuePair<string, object?>("ann.collection", collection.Config.Name));
        }
    }

    private IEnumerable<Measurement<long>> Memory()
    {
        foreach (Collection collection in _database?.ListCollections() ?? [])
        {
            MemoryUsage memory = collection.GetInfo().Memory;
            yield return Of(collection, "vectors", memory.Vectors);
            yield return Of(collection, "codes", memory.Codes);
            yield return Of(collection, "graph", memory.Graph);
            yield return Of(collection, "ids", memory.Ids);
            yield return Of(collection, "attributes", memory.Attributes);
            yield return Of(collection, "attribute_indexes", memory.AttributeIndexes);
        }
    }

    private static Measurement<long> Of(Collection collection, string component, long bytes) => new(
        bytes,
        new KeyValuePair<string, object?>("ann.collection", collection.Config.Name),
        new KeyValuePair<string, object?>("ann.component", component));
}
