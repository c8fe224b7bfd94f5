using System.Diagnostics.Metrics;
using AnnServer.Engine.Model;

namespace AnnServer.Engine.Diagnostics;

/// <summary>Instruments of the engine, and the totals that <see cref="DatabaseStats"/> reports.</summary>
internal sealed class EngineMetrics
{
    public const string MeterName = "AnnServer.Engine";

    // Searches take microseconds to milliseconds; the buckets are in seconds, as semantic conventions ask.
    private static readonly InstrumentAdvice<double> SearchBuckets = new()
    {
        HistogramBucketBoundaries = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    };

    private readonly Histogram<double> _searchDuration;
    private readonly Histogram<double> _filterDuration;
    private readonly Counter<long> _upserted;
    private readonly UpDownCounter<long> _waiting;
    private readonly Counter<long> _deleted;
    private readonly Counter<long> _swept;
    private readonly Counter<long> _repaired;
    private readonly Histogram<double> _checkpointDuration;
    private readonly Counter<long> _checkpointPages;
    private readonly Counter<long> _checkpointBytes;
    private long _searches;
    private long _upserts;
    private long _deletes;

    public EngineMetrics(IMeterFactory meters)
    {
        Meter = meters.Create(MeterName);
        _searchDuration = Meter.CreateHistogram("ann.search.duration", "s", "Time of one search in the engine.", null, SearchBuckets);
        _filterDuration = Meter.CreateHistogram("ann.search.filter.duration", "s", "Time of evaluating the filter of one search.", null, SearchBuckets);
        _upserted = Meter.CreateCounter<long>("ann.points.upserted", "{point}", "Points inserted or replaced, acknowledged.");
        _waiting = Meter.CreateUpDownCounter<long>("ann.points.waiting", "{point}", "Points of upserts that are queued and not yet applied.");
        _deleted = Meter.CreateCounter<long>("ann.points.deleted", "{point}", "Points deleted, acknowledged.");
        _swept = Meter.CreateCounter<long>("ann.sweep.slots", "{slot}", "Slots of deleted points given back.");
        _checkpointDuration = Meter.CreateHistogram<double>("ann.checkpoint.duration", "s", "Time of one checkpoint.");
        _checkpointPages = Meter.CreateCounter<long>("ann.checkpoint.pages", "{page}", "Pages written by checkpoints.");
        _checkpointBytes = Meter.CreateCounter<long>("ann.checkpoint.bytes", "By", "Bytes of pages written by checkpoints.");
        _repaired = Meter.CreateCounter<long>("ann.sweep.rows", "{row}", "Graph rows repaired by sweeps.");
    }

    public Meter Meter { get; }

    public long Searches => Volatile.Read(ref _searches);

    public long Upserts => Volatile.Read(ref _upserts);

    public long Deletes => Volatile.Read(ref _deletes);

    public void Searched(string collection, SearchTotals totals, in SearchReport report)
    {
        Interlocked.Increment(ref _searches);
        totals.Add(report);
        if (_searchDuration.Enabled)
        {
            _searchDuration.Record(
                report.TotalMicroseconds / 1e6,
                new KeyValuePair<string, object?>("ann.collection", collection),
                new KeyValuePair<string, object?>("ann.strategy", report.Strategy.ToName()));
        }

        if (report.FilterMicroseconds > 0 && _filterDuration.Enabled)
        {
            _filterDuration.Record(report.FilterMicroseconds / 1e6, new KeyValuePair<string, object?>("ann.collection", collection));
        }
    }

    public void Upserted(string collection, int points)
    {
        Interlocked.Add(ref _upserts, points);
        _upserted.Add(points, new KeyValuePair<string, object?>("ann.collection", collection));
    }

    /// <summary>Counts points that wait to be applied, and with a negative number that they no longer do.</summary>
    public void Waiting(string collection, int points) =>
        _waiting.Add(points, new KeyValuePair<string, object?>("ann.collection", collection));

    public void Deleted(string collection, int points)
    {
        Interlocked.Add(ref _deletes, points);
        _deleted.Add(points, new KeyValuePair<string, object?>("ann.collection", collection));
    }

    public void Swept(string collection, int slots, long rows)
    {
        var name = new KeyValuePair<string, object?>("ann.collection", collection);
        _swept.Add(slots, name);
        _repaired.Add(rows, name);
    }

    public void Checkpointed(long pages, long bytes, TimeSpan elapsed)
    {
        _checkpointDuration.Record(elapsed.TotalSeconds);
        _checkpointPages.Add(pages);
        _checkpointBytes.Add(bytes);
    }
}
