using System.Diagnostics.Metrics;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Diagnostics;

/// <summary>Gauges that are read when somebody collects them.</summary>
internal static class DatabaseGauges
{
    public static void Register(Meter meter, Database database)
    {
        meter.CreateObservableGauge("ann.collections", () => database.ListCollections().Count, "{collection}", "Collections.");
        meter.CreateObservableGauge("ann.points", () => PerCollection(database, static collection => collection.GetInfo().Points), "{point}", "Points that can be found.");
        meter.CreateObservableGauge(
            "ann.deleted_slots", () => PerCollection(database, static collection => collection.GetInfo().DeletedSlots), "{slot}", "Slots of deleted points not yet given back.");
        meter.CreateObservableGauge("ann.memory", () => Memory(database), "By", "Memory by collection and component.");
        meter.CreateObservableCounter(
            "ann.search.distances", () => PerCollection(database, static collection => collection.Data.Searches.Distances), "{distance}", "Distances computed by searches.");
        meter.CreateObservableCounter(
            "ann.search.fallbacks", () => PerCollection(database, static collection => collection.Data.Searches.Fallbacks), "{search}", "Graph walks given up for an exact scan.");
        meter.CreateObservableGauge("ann.log.size", () => database.GetStats().LogBytes, "By", "Log that the next start replays.");
        meter.CreateObservableGauge("ann.page_store.size", () => database.GetStats().PageStoreBytes, "By", "Bytes of the last checkpoint.");
        meter.CreateObservableGauge(
            "ann.vector_memory.used", () => database.VectorMemoryUsed, "By", "Memory for vectors that are kept on disk and are not there yet.");
        meter.CreateObservableGauge("ann.vector_memory.limit", () => database.VectorMemoryLimit, "By", "What that memory is limited to.");
        meter.CreateObservableCounter("ann.vectors.read", () => database.VectorsRead, "{vector}", "Vectors read from the disk, for searches and for writing the page store anew; those that the file cache had do not count.");
        meter.CreateObservableCounter("ann.log.sequence", () => (long)database.GetStats().Sequence, "{record}", "Last write applied.");
        meter.CreateObservableCounter(
            "ann.log.durable_sequence", () => (long)database.GetStats().DurableSequence, "{record}", "Last write known to be durable.");
        meter.CreateObservableGauge("ann.disk.free", () => database.FreeDiskBytes, "By", "Space left on the disk of the data directory.");
        meter.CreateObservableGauge("ann.store.healthy", () => database.Fault is null ? 1 : 0, null, "0 once the store has failed.");
    }

    private static IEnumerable<Measurement<long>> PerCollection(Database database, Func<Collection, long> read)
    {
        foreach (Collection collection in database.ListCollections())
        {
            yield return new Measurement<long>(read(collection), new KeyValuePair<string, object?>("ann.collection", collection.Config.Name));
        }
    }

    private static IEnumerable<Measurement<long>> Memory(Database database)
    {
        foreach (Collection collection in database.ListCollections())
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
