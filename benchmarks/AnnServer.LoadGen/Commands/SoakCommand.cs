using System.CommandLine;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Processes;
using AnnServer.LoadGen.Reports;
using AnnServer.LoadGen.Soak;
using AnnServer.LoadGen.Wire;
using Spectre.Console;

namespace AnnServer.LoadGen.Commands;

/// <summary>Hours of mixed load with kills in the middle of it. Exit code 0 only if every verdict is a pass.</summary>
internal sealed class SoakCommand
{
    private readonly ChildServerOptions _server = new(isRequired: true);
    private readonly Option<double> _minutes = new("--minutes") { Description = "Of load; restarts and checks come on top.", DefaultValueFactory = _ => 5 };
    private readonly Option<double> _rate = new("--rate") { Description = "Operations a second.", DefaultValueFactory = _ => 300 };
    private readonly Option<string> _mix = new("--mix") { Description = "Kinds of operations and their weights.", DefaultValueFactory = _ => OperationMix.Default };
    private readonly Option<int> _points = new("--points") { Description = "Live points.", DefaultValueFactory = _ => 20_000 };
    private readonly Option<int> _dimension = new("--dimension") { Description = "Of generated vectors.", DefaultValueFactory = _ => 96 };
    private readonly Option<string?> _base = new("--base") { Description = "Take vectors from this file instead." };
    private readonly Option<string> _metric = new("--metric") { Description = "l2, cosine or dot.", DefaultValueFactory = _ => "cosine" };
    private readonly Option<int> _k = new("--k") { Description = "Results wanted.", DefaultValueFactory = _ => 10 };
    private readonly Option<double> _recall = new("--recall") { Description = "Recall target; 0 for the default effort.", DefaultValueFactory = _ => 0.95 };
    private readonly Option<double> _killEvery = new("--kill-every")
    {
        Description = "Seconds between ends of the server, SIGKILL and SIGTERM in turn; 0 for none.",
        DefaultValueFactory = _ => 60,
    };

    private readonly Option<double> _sampleEvery = new("--sample-every") { Description = "Seconds.", DefaultValueFactory = _ => 10 };
    private readonly Option<int> _recallQueries = new("--recall-queries") { Description = "Searches made exactly for each sample.", DefaultValueFactory = _ => 20 };
    private readonly Option<double> _grace = new("--grace") { Description = "Seconds to exit after SIGTERM.", DefaultValueFactory = _ => 30 };
    private readonly Option<int> _connections = new("--connections") { Description = "HTTP/2 connections.", DefaultValueFactory = _ => 4 };
    private readonly Option<int> _concurrency = new("--concurrency") { Description = "Unanswered on a connection.", DefaultValueFactory = _ => 32 };
    private readonly Option<int> _seed = new("--seed") { Description = "Of everything random.", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _memoryGrowth = new("--max-memory-growth") { Description = "Per cent.", DefaultValueFactory = _ => 10 };
    private readonly Option<double> _folderGrowth = new("--max-data-growth") { Description = "Per cent.", DefaultValueFactory = _ => 50 };
    private readonly Option<double> _p99Ratio = new("--max-p99-ratio") { Description = "Of the last quarter to the second.", DefaultValueFactory = _ => 2 };
    private readonly Option<double> _recallLoss = new("--max-recall-loss") { Description = "Below the target; without one, between quarters.", DefaultValueFactory = _ => 0.02 };
    private readonly Option<double> _rateDone = new("--min-rate-done") { Description = "Per cent of the rate.", DefaultValueFactory = _ => 95 };
    private readonly Option<double> _readySeconds = new("--max-ready") { Description = "Seconds of a start.", DefaultValueFactory = _ => 30 };
    private readonly Option<string?> _report = new("--report") { Description = "Also write the report to this file, as Markdown." };
    private readonly Option<string?> _json = new("--json") { Description = "Also write the report to this file, as JSON." };

    public Command Build()
    {
        Command command = new("soak", "Start a server, drive a mixed load for long, kill it again and again, and judge what comes of it.");
        _server.AddTo(command);
        foreach (Option option in (Option[])[
            _minutes, _rate, _mix, _points, _dimension, _base, _metric, _k, _recall, _killEvery, _sampleEvery, _recallQueries, _grace,
            _connections, _concurrency, _seed, _memoryGrowth, _folderGrowth, _p99Ratio, _recallLoss, _rateDone, _readySeconds, _report, _json])
        {
            command.Options.Add(option);
        }
        foreach (Option<double> positive in (Option<double>[])[_minutes, _rate, _sampleEvery, _grace])
            positive.Positive();
        foreach (Option<int> count in (Option<int>[])[_points, _dimension, _k, _connections, _concurrency, _recallQueries])
            count.Within(1, int.MaxValue, $"{count.Name} is at least 1.");
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        SoakSettings settings = Settings(parsed);
        ServerLaunch launch = (await _server.PrepareAsync(parsed, cancellationToken))!;
        VectorSet vectors = parsed.GetValue(_base) is { } path
            ? VectorSet.Read(path, SoakContent.QueryCount)
            : VectorSet.Generate(settings.Points, SoakContent.QueryCount, parsed.GetValue(_dimension), settings.Seed);
        SoakRun run = new(launch, settings, vectors, parsed.GetValue(_connections), parsed.GetValue(_recallQueries));
        SoakOutcome outcome = await run.RunAsync(Tables.PrintLine, cancellationToken);
        SoakReport report = new(settings, outcome, SoakVerdicts.Of(outcome, settings, Bounds(parsed)));
        Tables.Print(report);
        await JsonReport.WriteAsync(parsed.GetValue(_json), report, cancellationToken);
        await TextFile.WriteAsync(
            parsed.GetValue(_report), () => SoakMarkdown.Write(report, string.Join(' ', parsed.Tokens.Select(token => token.Value))), cancellationToken);
        return report.Passed ? 0 : 1;
    }

    private SoakSettings Settings(ParseResult parsed) => new(
        "soak", Metrics.Parse(parsed.GetRequiredValue(_metric)), parsed.GetValue(_points), parsed.GetValue(_k), parsed.GetValue(_recall),
        OperationMix.Parse(parsed.GetRequiredValue(_mix)), parsed.GetValue(_rate), parsed.GetValue(_concurrency), parsed.GetValue(_seed),
        TimeSpan.FromMinutes(parsed.GetValue(_minutes)),
        parsed.GetValue(_killEvery) > 0 ? TimeSpan.FromSeconds(parsed.GetValue(_killEvery)) : null,
        TimeSpan.FromSeconds(parsed.GetValue(_sampleEvery)), TimeSpan.FromSeconds(parsed.GetValue(_grace)));

    private SoakBounds Bounds(ParseResult parsed) => new(
        parsed.GetValue(_memoryGrowth) / 100, parsed.GetValue(_folderGrowth) / 100, parsed.GetValue(_p99Ratio), parsed.GetValue(_recallLoss),
        parsed.GetValue(_rateDone) / 100, parsed.GetValue(_readySeconds));
}
