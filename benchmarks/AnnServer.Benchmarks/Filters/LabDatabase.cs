using System.Diagnostics.Metrics;
using AnnServer.Benchmarks.Filters.Columns;
using AnnServer.Engine;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using Microsoft.Extensions.Logging.Abstractions;

namespace AnnServer.Benchmarks.Filters;

/// <summary>A database in this process with one collection: row i of the vectors is the point i.</summary>
internal sealed class LabDatabase : IAsyncDisposable
{
    /// <summary>Candidates that a client who filters by itself may ask for.</summary>
    public const int MaxCandidates = 20_000;

    private const string Name = "rows";
    private const int Batch = 1000;

    private readonly Database _database;
    private readonly Meters _meters;

    private LabDatabase(Database database, Meters meters, Collection collection)
    {
        _database = database;
        _meters = meters;
        Collection = collection;
    }

    public Collection Collection { get; }

    /// <summary>Opens the folder; builds the collection unless it is there already, as this laboratory makes it.</summary>
    public static async Task<LabDatabase> OpenAsync(string folder, LabSet set, AttributeColumns columns, CancellationToken cancellation)
    {
        Meters meters = new();
        DatabaseOptions options = new()
        {
            DataDirectory = folder,
            // With one planner the graph is a function of the rows, so that runs before and after a change search the same one.
            PlanningThreads = 1,
            Limits = new EngineLimits { MaxK = MaxCandidates, MaxEf = MaxCandidates },
            // None is made but on request: it would take processor time from what is measured.
            CheckpointInterval = TimeSpan.FromDays(20),
            CheckpointLogBytes = long.MaxValue,
        };
        Database database = await Database.OpenAsync(options, NullLoggerFactory.Instance, meters, cancellation);
        EngineResult<Collection> known = database.GetCollection(Name);
        if (!known.IsOk || known.Value.PointCount != set.Count)
        {
            if (known.IsOk)
                _ = (await database.DeleteCollectionAsync(Name, cancellation)).Value;
            await BuildAsync(database, set, columns, cancellation);
        }
        return new LabDatabase(database, meters, database.GetCollection(Name).Value);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _meters.Dispose();
    }

    private static async Task BuildAsync(Database database, LabSet set, AttributeColumns columns, CancellationToken cancellation)
    {
        CollectionConfig config = new()
        {
            Name = Name,
            Dimension = set.Dimension,
            Metric = set.Metric,
            Attributes = columns.Schemas,
        };
        _ = (await database.CreateCollectionAsync(config, new Faults(), cancellation)).Value;
        Collection collection = database.GetCollection(Name).Value;
        for (int start = 0; start < set.Count; start += Batch)
        {
            Point[] points = [.. Enumerable.Range(start, Math.Min(Batch, set.Count - start)).Select(row => new Point(
                PointId.FromNumber((ulong)row), set.Rows.AsMemory(row * set.Dimension, set.Dimension), columns.ValuesOf(row)))];
            _ = (await collection.UpsertAsync(points, new Faults(), cancellation, Durability.Memory)).Value;
        }
        _ = (await database.CheckpointAsync(cancellation)).Value;
    }

    private sealed class Meters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            Meter meter = new(options);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
