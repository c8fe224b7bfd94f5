using System.CommandLine;
using System.Diagnostics;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Reports;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Commands;

/// <summary>Creates a collection and fills it from files.</summary>
internal sealed class LoadCommand
{
    private readonly ServerOptions _server = new();
    private readonly Option<string> _base = new("--base") { Description = "Vectors: .fvecs, .bvecs or .f16vecs.", Required = true };
    private readonly Option<string?> _attributes = new("--attributes") { Description = "Attributes: .jsonl or .jsonl.gz, line i = row i." };
    private readonly Option<string?> _idAttribute = new("--id-attribute")
    {
        Description = "String attribute that is the id; otherwise the row number is.",
    };
    private readonly Option<string?> _schema = new("--schema") { Description = "Indexed attributes: name:type,name:type." };
    private readonly Option<string> _quantization = new("--quantization")
    {
        Description = "automatic, none, int8 or int4.",
        DefaultValueFactory = _ => "automatic",
    };
    private readonly Option<string> _storage = new("--vector-storage")
    {
        Description = "float32 or float16.",
        DefaultValueFactory = _ => "float32",
    };
    private readonly Option<string> _placement = new("--vector-placement")
    {
        Description = "memory or disk.",
        DefaultValueFactory = _ => "memory",
    };
    private readonly Option<string> _metric = new("--metric") { Description = "l2, cosine or dot.", Required = true };
    private readonly Option<uint> _m = new("--m") { Description = "Links of a new node on each layer." };
    private readonly Option<uint> _efConstruction = new("--ef-construction") { Description = "Candidates when a node is linked." };
    private readonly Option<ulong> _seed = new("--seed") { Description = "Seed of the layers and of the rotation before 4-bit codes." };
    private readonly Option<bool> _recreate = new("--recreate") { Description = "Drop a collection of that name first." };
    private readonly Option<bool> _append = new("--append") { Description = "Load into a collection that exists." };
    private readonly Option<int> _limit = new("--limit") { Description = "Rows at most.", DefaultValueFactory = _ => int.MaxValue };
    private readonly Option<int> _batch = new("--batch") { Description = "Points in a request.", DefaultValueFactory = _ => 256 };
    private readonly Option<int> _inFlight = new("--in-flight")
    {
        Description = "Batches unanswered on a connection.",
        DefaultValueFactory = _ => 4,
    };
    private readonly Option<bool> _stream = new("--stream") { Description = "Use UpsertStream instead of Upsert." };
    private readonly Option<string> _durability = new("--durability")
    {
        Description = "When a batch is acknowledged: fsynced, logged or memory.",
        DefaultValueFactory = _ => "fsynced",
    };

    public Command Build()
    {
        Command command = new("load", "Create a collection and load vectors and attributes into it.");
        _server.AddTo(command);
        foreach (Option option in (Option[])[
            _base, _attributes, _idAttribute, _schema, _metric, _quantization, _storage, _placement, _m, _efConstruction, _seed, _recreate, _append,
            _limit, _batch, _inFlight, _stream, _durability])
        {
            command.Options.Add(option);
        }
        _batch.Within(1, int.MaxValue, "--batch is at least 1.");
        _inFlight.Within(1, int.MaxValue, "--in-flight is at least 1.");
        _limit.Within(1, int.MaxValue, "--limit is at least 1.");
        command.Validators.Add(result =>
        {
            if (result.GetValue(_idAttribute) is not null && result.GetValue(_attributes) is null)
                result.AddError("--id-attribute needs --attributes.");
        });
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string collection = _server.Collection(parsed);
        IReadOnlyList<AttributeSchema> schema = AttributeSchemaText.Parse(parsed.GetValue(_schema));
        VectorFile vectors = VectorFile.Read(parsed.GetRequiredValue(_base));
        IReadOnlyList<IReadOnlyDictionary<string, Value>>? attributes = parsed.GetValue(_attributes) is { } path
            ? await AttributeFile.ReadAsync(path, schema, cancellationToken)
            : null;
        PointSource source = new(vectors, attributes, parsed.GetValue(_limit), parsed.GetValue(_idAttribute));

        using ServerConnections connections = _server.Connect(parsed);
        if (!parsed.GetValue(_append))
            await CreateAsync(connections, Config(parsed, collection, vectors.Dimension, schema), parsed.GetValue(_recreate),
                cancellationToken);

        LoadPlan plan = new(
            collection, parsed.GetValue(_batch), parsed.GetValue(_inFlight), parsed.GetValue(_stream),
            Metrics.ParseDurability(parsed.GetRequiredValue(_durability)));
        LoadReport report = await LoadAsync(connections, source, plan, cancellationToken);
        Tables.Print(report);
        await JsonReport.WriteAsync(_server.Json(parsed), report, cancellationToken);
        bool complete = report.Errors.Count == 0 && report.Loaded >= (ulong)source.Count;
        return complete ? 0 : 1;
    }

    private CollectionConfig Config(ParseResult parsed, string collection, int dimension, IReadOnlyList<AttributeSchema> schema)
    {
        CollectionConfig config = new()
        {
            Name = collection,
            Dimension = (uint)dimension,
            Metric = Metrics.Parse(parsed.GetRequiredValue(_metric)),
            Quantization = Metrics.ParseQuantization(parsed.GetRequiredValue(_quantization)),
            VectorStorage = Metrics.ParseStorage(parsed.GetRequiredValue(_storage)),
            VectorPlacement = Metrics.ParsePlacement(parsed.GetRequiredValue(_placement)),
            Hnsw = new HnswConfig
            {
                M = parsed.GetValue(_m),
                EfConstruction = parsed.GetValue(_efConstruction),
                Seed = parsed.GetValue(_seed),
            },
        };
        config.Attributes.Add(schema);
        return config;
    }

    private static async Task CreateAsync(
        ServerConnections connections, CollectionConfig config, bool recreate, CancellationToken cancellationToken)
    {
        if (recreate)
            await CollectionReset.DropAsync(connections.Collections, config.Name, cancellationToken);
        CreateCollectionRequest request = new() { Config = config };
        await connections.Collections.CreateCollectionAsync(request, cancellationToken: cancellationToken);
    }

    private static async Task<LoadReport> LoadAsync(
        ServerConnections connections, PointSource source, LoadPlan plan, CancellationToken cancellationToken)
    {
        ServerClock clock = await ServerClock.StartAsync(connections.Admin, cancellationToken);
        Stopwatch watch = Stopwatch.StartNew();
        PointLoader loader = await LoadProgress.ShowAsync(source.Count, async onLoaded =>
        {
            PointLoader running = new(connections, source, plan, onLoaded);
            await running.RunAsync(cancellationToken);
            return running;
        });
        double seconds = watch.Elapsed.TotalSeconds;
        double cpuSeconds = await clock.ElapsedCpuSecondsAsync(cancellationToken);
        CountRequest count = new() { Collection = plan.Collection };
        CountResponse counted = await connections.Points(0).CountAsync(count, cancellationToken: cancellationToken);
        return new LoadReport(
            plan.Collection, source.Count, counted.Count, seconds, source.Count / seconds, cpuSeconds,
            cpuSeconds * 1e6 / Math.Max(1, source.Count), loader.Latencies.Summarize(), loader.Retries, loader.Errors.Counts,
            loader.Errors.FirstDetails);
    }
}
