using System.CommandLine;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Mixed;
using AnnServer.LoadGen.Reports;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Commands;

/// <summary>Reads and writes at once, every answer checked. Exit code 0 only if nothing failed and nothing was wrong.</summary>
internal sealed class MixedCommand
{
    // One in a hundred is of the rarest kind.
    private const int LeastOperations = 300;

    private readonly ServerOptions _server = new();
    private readonly Option<double> _duration = new("--duration") { Description = "Seconds.", DefaultValueFactory = _ => 60 };
    private readonly Option<int> _points = new("--points")
    {
        Description = "Live points, over all connections.",
        DefaultValueFactory = _ => 20_000,
    };
    private readonly Option<string> _metric = new("--metric") { Description = "l2, cosine or dot.", DefaultValueFactory = _ => "l2" };
    private readonly Option<int> _dimension = new("--dimension") { Description = "Of random vectors.", DefaultValueFactory = _ => 64 };
    private readonly Option<string?> _base = new("--base") { Description = "Take vectors from this file instead." };
    private readonly Option<int> _k = new("--k") { Description = "Results wanted.", DefaultValueFactory = _ => 10 };
    private readonly Option<int> _seed = new("--seed") { Description = "Of everything random.", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _finalQueries = new("--final-queries")
    {
        Description = "Checked at the end.",
        DefaultValueFactory = _ => 200,
    };

    public Command Build()
    {
        Command command = new("mixed", "Mix reads and writes, check every answer, and compare with an exact oracle at the end.");
        _server.AddTo(command);
        foreach (Option option in (Option[])[_duration, _points, _metric, _dimension, _base, _k, _seed, _finalQueries])
            command.Options.Add(option);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        VectorFile? vectors = parsed.GetValue(_base) is { } path ? VectorFile.Read(path) : null;
        using ServerConnections connections = _server.Connect(parsed);
        MixedSettings settings = new(
            _server.Collection(parsed),
            Metrics.Parse(parsed.GetRequiredValue(_metric)),
            vectors?.Dimension ?? parsed.GetValue(_dimension),
            TimeSpan.FromSeconds(parsed.GetValue(_duration)),
            LeastOperations,
            Math.Max(1, parsed.GetValue(_points) / connections.Count),
            parsed.GetValue(_k),
            parsed.GetValue(_seed),
            parsed.GetValue(_finalQueries));
        await CollectionReset.DropAsync(connections.Collections, settings.Collection, cancellationToken);
        CollectionConfig config = new() { Name = settings.Collection, Dimension = (uint)settings.Dimension, Metric = settings.Metric };
        config.Attributes.Add(ContentFactory.Schema);
        await connections.Collections.CreateCollectionAsync(
            new CreateCollectionRequest { Config = config }, cancellationToken: cancellationToken);

        MixedReport report = await new MixedSession(connections, settings, vectors).RunAsync(cancellationToken);
        Tables.Print(report);
        await JsonReport.WriteAsync(_server.Json(parsed), report, cancellationToken);
        return report.Passed ? 0 : 1;
    }
}
