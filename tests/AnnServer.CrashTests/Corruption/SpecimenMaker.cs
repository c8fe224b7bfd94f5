using AnnServer.Engine;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Testing;

namespace AnnServer.CrashTests.Corruption;

/// <summary>Writes a database, remembers all of it beside, and takes specimens on the way.</summary>
internal sealed class SpecimenMaker : IAsyncDisposable
{
    private const int TailLength = 24;
    private const int PointsAtFirst = 160;
    private const int ChangesPerRound = 120;
    private const string Gone = "gone";

    private readonly TempDirectory _folder;
    private readonly Random _random;
    private readonly LocalDatabase _local;
    private readonly Dictionary<string, Dictionary<ulong, PointState>> _model = [];
    private readonly List<IReadOnlyDictionary<string, byte[]>> _earlier = [];
    private ulong _nextId = 1;

    private SpecimenMaker(TempDirectory folder, LocalDatabase local, int seed) =>
        (_folder, _local, _random) = (folder, local, new Random(seed));

    private Database Database => _local.Database;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>
    /// A folder whose log goes back to its first record, as it is after a kill; one whose log does not, as it is after a kill; and the
    /// last after an orderly close.
    /// </summary>
    public static async Task<Specimen[]> MakeAsync(int seed)
    {
        var folder = new TempDirectory();
        await using var maker = new SpecimenMaker(folder, await LocalDatabase.OpenAsync(folder.Path), seed);
        await maker.CreateAsync("plain", 8, Metric.L2);
        await maker.CreateAsync("coded", 24, Metric.Cosine, VectorPlacement.Disk);
        await maker.CreateAsync("short", 4, Metric.Dot);
        await maker.CreateAsync(Gone, 8, Metric.L2);
        await maker.ChangeAsync(PointsAtFirst, inserts: true);
        await maker.CheckpointAsync();
        Specimen young = await maker.TakeKilledAsync("killed, one checkpoint and the whole log");
        await maker.ChangeAsync(ChangesPerRound);
        await maker.CheckpointAsync();
        await maker.ChangeAsync(ChangesPerRound);
        await maker.DropAsync(Gone);
        await maker.CheckpointAsync();
        await maker.ChangeAsync(ChangesPerRound);
        await maker.CheckpointAsync();
        Specimen killed = await maker.TakeKilledAsync("killed, two checkpoints and the log after the first of them");
        Specimen closed = await maker.TakeClosedAsync("closed in order, otherwise as the one before", killed);
        return [await WithStartAsync(young), await WithStartAsync(killed), await WithStartAsync(closed)];
    }

    public async ValueTask DisposeAsync()
    {
        await _local.DisposeAsync();
        _folder.Dispose();
    }

    private async Task CreateAsync(string name, int dimension, Metric metric, VectorPlacement placement = VectorPlacement.Memory)
    {
        var config = new CollectionConfig
        {
            Name = name,
            Dimension = dimension,
            Metric = metric,
            VectorPlacement = placement,
            Hnsw = new HnswConfig { M = 6, EfConstruction = 40 },
            Attributes = [new AttributeSchema("number", AttributeType.Int64)],
        };
        Assert.Null((await Database.CreateCollectionAsync(config, new Faults(), Cancellation)).Error);
        _model.Add(name, []);
    }

    private async Task DropAsync(string name)
    {
        Assert.Null((await Database.DeleteCollectionAsync(name, Cancellation)).Error);
        _model.Remove(name);
    }

    private async Task CheckpointAsync()
    {
        string highWater = Path.Combine(_folder.Path, Specimen.HighWater);
        byte[] before = FolderFiles.ReadShared(highWater);
        Assert.Null((await Database.CheckpointAsync(Cancellation)).Error);

        // The log notes it in a commit of its own, which nobody waits for.
        while (before.AsSpan().SequenceEqual(FolderFiles.ReadShared(highWater)))
        {
            await Task.Delay(1, Cancellation);
        }

        _earlier.Add(FolderFiles.Read(_folder.Path));
    }

    // So many changes of every collection, one point each.
    private async Task ChangeAsync(int count, bool inserts = false)
    {
        var writes = new List<Task>();
        for (int i = 0; i < count; i++)
        {
            writes.AddRange(_model.Keys.Select(name => ChangeAsync(name, inserts)));
        }

        await Task.WhenAll(writes);
    }

    private Task ChangeAsync(string name, bool inserts)
    {
        Collection collection = Database.GetCollection(name).Value;
        Dictionary<ulong, PointState> points = _model[name];
        int kind = inserts || points.Count < 10 ? 9 : _random.Next(10);
        ulong id = kind < 5 ? points.Keys.ElementAt(_random.Next(points.Count)) : _nextId++;
        OrderedChange change = kind switch
        {
            0 => new OrderedChange(id, null, false),
            1 or 2 => new OrderedChange(id, points[id] with { Number = _random.Next(1000), Color = $"new {_random.Next()}" }, true),
            _ => new OrderedChange(id, PointState.Random(_random, collection.Config.Dimension), false),
        };
        change.ApplyTo(points);
        return change.ApplyAsync(collection, Cancellation);
    }

    // After a checkpoint: everything that comes after it is in the tail. The folder while it is open is what a kill would leave.
    private async Task<Specimen> TakeKilledAsync(string name)
    {
        string segment = Path.Combine(_folder.Path, Specimen.LastSegment);
        State before = Verified();
        var tail = new List<TailCommit>();
        for (int i = 0; i < TailLength; i++)
        {
            byte[] bytes = FolderFiles.ReadShared(segment);
            await (i == 0 ? CreateAsync($"late-{_earlier.Count}", 8, Metric.L2) : ChangeAsync(_model.Keys.ElementAt(i % _model.Count), inserts: false));
            tail.Add(TailCommit.Between(bytes, FolderFiles.ReadShared(segment), Verified()));
        }

        return new Specimen(name, FolderFiles.Read(_folder.Path), [.. _earlier], before, tail, IsClosed: false);
    }

    // Closing adds one commit, with nothing in it.
    private async Task<Specimen> TakeClosedAsync(string name, Specimen open)
    {
        await _local.DisposeAsync();
        Dictionary<string, byte[]> files = FolderFiles.Read(_folder.Path);
        var seal = TailCommit.Between(open.Files[Specimen.LastSegment], files[Specimen.LastSegment], open.Truth);
        return open with { Name = name, Files = files, Tail = [.. open.Tail, seal], IsClosed = true };
    }

    private static async Task<Specimen> WithStartAsync(Specimen specimen)
    {
        using var copy = new TempDirectory();
        FolderFiles.Write(copy.Path, specimen.Files);
        await using LocalDatabase local = await LocalDatabase.OpenAsync(copy.Path);
        Assert.Null(specimen.Truth.Difference(State.Of(local.Database), new HashSet<string>()));
        return specimen with { Start = StartPoint.Of(local.Database) };
    }

    // What is served, which is what was written.
    private State Verified()
    {
        State state = State.Of(Database);
        Assert.Equal(_model.Keys.Order(), state.Collections.Keys.Order());
        foreach ((string name, Content content) in state.Collections)
        {
            Assert.Null(content.PointDifference(_model[name]));
            content.AssertExact(Database.GetCollection(name).Value.Config);
        }

        return state;
    }
}
