using System.Diagnostics.Metrics;
using AnnServer.Engine;

namespace AnnServer.Hosting;

/// <summary>Reports the memory that belongs to no collection; that of collections is in <c>ann.memory</c>, by the same components' label.</summary>
internal sealed class SharedMemory
{
    private readonly DatabaseHost _database;
    private readonly Admission _admission;

    public SharedMemory(DatabaseHost database, Admission admission, IMeterFactory meters)
    {
        _database = database;
        _admission = admission;
        meters.Create(LongWork.MeterName).CreateObservableGauge(
            "ann.memory.shared", Components, "By", "Memory that belongs to no collection, by component.");
    }

    private IEnumerable<Measurement<long>> Components()
    {
        yield return Of("requests", _admission.Bytes);
        if (_database.Open is { } database)
        {
            yield return Of("filter_cache", database.FilterCacheBytes);
            yield return Of("log", database.LogMemoryBytes);
            yield return Of("page_store", database.PageStoreMemoryBytes);
        }
    }

    private static Measurement<long> Of(string component, long bytes) => new(bytes, new KeyValuePair<string, object?>("ann.component", component));
}
