using System.Diagnostics.Metrics;
using AnnServer.Engine;
using Microsoft.Extensions.Logging.Abstractions;

namespace AnnServer.CrashTests;

/// <summary>A database in this process. Its meters go with it: as long as one exists, so does all the memory of the database.</summary>
internal sealed class LocalDatabase : IAsyncDisposable
{
    private readonly Meters _meters;

    private LocalDatabase(Database database, Meters meters) => (Database, _meters) = (database, meters);

    public Database Database { get; }

    /// <summary>Opens a folder. One point after another is planned, so that the graphs are a function of the order of the changes.</summary>
    public static async Task<LocalDatabase> OpenAsync(string folder)
    {
        var meters = new Meters();
        try
        {
            var options = new DatabaseOptions { DataDirectory = folder, PlanningThreads = 1 };
            return new LocalDatabase(await Database.OpenAsync(options, NullLoggerFactory.Instance, meters, CancellationToken.None), meters);
        }
        catch
        {
            meters.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        _meters.Dispose();
    }

    private sealed class Meters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(static meter => meter.Dispose());
    }
}
