using System.CommandLine;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Overload;
using AnnServer.LoadGen.Processes;
using AnnServer.LoadGen.Reports;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Commands;

/// <summary>Offers a server many times what it can do. Exit code 0 only if every verdict is a pass.</summary>
internal sealed class OverloadCommand
{
    private readonly ChildServerOptions _server = new(isRequired: false);
    private readonly Option<string> _address = new("--address")
    {
        Description = "Address of the gRPC port of a server that runs, where none is started.",
        DefaultValueFactory = _ => "http://127.0.0.1:50051",
    };

    private readonly Option<double> _minutes = new("--minutes") { Description = "Of overload.", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _times = new("--times") { Description = "The peak, to be offered.", DefaultValueFactory = _ => 10 };
    private readonly Option<double> _peakSeconds = new("--peak-seconds") { Description = "To find the peak.", DefaultValueFactory = _ => 10 };
    private readonly Option<double> _calmSeconds = new("--calm-seconds") { Description = "Of half the peak, before and after.", DefaultValueFactory = _ => 15 };
    private readonly Option<double> _deadline = new("--deadline") { Description = "Seconds after which a client gives a call up.", DefaultValueFactory = _ => 2 };
    private readonly Option<int> _points = new("--points") { Description = "In the collection.", DefaultValueFactory = _ => 20_000 };
    private readonly Option<int> _dimension = new("--dimension") { Description = "Of generated vectors.", DefaultValueFactory = _ => 96 };
    private readonly Option<int> _k = new("--k") { Description = "Results wanted.", DefaultValueFactory = _ => 10 };
    private readonly Option<int> _ef = new("--ef") { Description = "Of the searches; 0 for the default effort.", DefaultValueFactory = _ => 0 };
    private readonly Option<int> _batch = new("--batch") { Description = "Queries in a call; 0 for unary searches.", DefaultValueFactory = _ => 16 };
    private readonly Option<int> _connections = new("--connections") { Description = "HTTP/2 connections.", DefaultValueFactory = _ => 16 };
    private readonly Option<int> _unanswered = new("--unanswered") { Description = "Calls on a connection while the peak is looked for.", DefaultValueFactory = _ => 4 };
    private readonly Option<int> _idle = new("--idle") { Description = "Connections that do nothing.", DefaultValueFactory = _ => 0 };
    private readonly Option<int> _stalled = new("--stalled") { Description = "Clients that do not read, or do not send to the end.", DefaultValueFactory = _ => 0 };
    private readonly Option<int> _seed = new("--seed") { Description = "Of everything random.", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _goodput = new("--min-goodput") { Description = "Per cent of the peak.", DefaultValueFactory = _ => 90 };
    private readonly Option<double> _p99 = new("--max-p99") { Description = "Milliseconds, of accepted calls.", DefaultValueFactory = _ => 1000 };
    private readonly Option<double> _memoryGrowth = new("--max-memory-growth") { Description = "Per cent.", DefaultValueFactory = _ => 10 };
    private readonly Option<double> _recovery = new("--max-recovery") { Description = "Seconds until p99 is near what it was.", DefaultValueFactory = _ => 10 };
    private readonly Option<double> _ratio = new("--near") { Description = "Times what p99 was that is near.", DefaultValueFactory = _ => 1.5 };
    private readonly Option<string?> _report = new("--report") { Description = "Also write the report to this file, as Markdown." };
    private readonly Option<string?> _json = new("--json") { Description = "Also write the report to this file, as JSON." };

    public Command Build()
    {
        Command command = new("overload", "Offer a server many times what it can do, and judge what it answers and how soon it is itself again.");
        _server.AddTo(command);
        foreach (Option option in (Option[])[
            _address, _minutes, _times, _peakSeconds, _calmSeconds, _deadline, _points, _dimension, _k, _ef, _batch, _connections, _unanswered,
            _idle, _stalled, _seed, _goodput, _p99, _memoryGrowth, _recovery, _ratio, _report, _json])
        {
            command.Options.Add(option);
        }
        foreach (Option<double> positive in (Option<double>[])[_minutes, _times, _peakSeconds, _calmSeconds, _deadline])
            positive.Positive();
        foreach (Option<int> count in (Option<int>[])[_points, _dimension, _k, _connections, _unanswered])
            count.Within(1, int.MaxValue, $"{count.Name} is at least 1.");
        foreach (Option<int> count in (Option<int>[])[_ef, _batch, _idle, _stalled])
            count.Within(0, int.MaxValue, $"{count.Name} is at least 0.");
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        ServerLaunch? launch = await _server.PrepareAsync(parsed, cancellationToken);
        await using ServerProcess? server = launch is null ? null : await ServerProcess.StartAsync(launch, cancellationToken);
        Uri address = server?.Grpc ?? new Uri(parsed.GetRequiredValue(_address));
        OverloadSettings settings = Settings(parsed);
        OverloadContent content = new(settings, address);
        using (ServerConnections connections = new(address, 1))
        {
            await CollectionReset.DropAsync(connections.Collections, settings.Collection, cancellationToken);
            await content.FillAsync(connections, cancellationToken);
        }
        OverloadRun run = new(address, settings, content, () => server is null ? 0 : ProcessSample.Read(server.Id).ResidentBytes);
        OverloadOutcome outcome = await run.RunAsync(Tables.PrintLine, cancellationToken);
        OverloadReport report = new(settings, outcome, OverloadVerdicts.Of(outcome, Bounds(parsed)));
        Tables.Print(report);
        await JsonReport.WriteAsync(parsed.GetValue(_json), report, cancellationToken);
        await TextFile.WriteAsync(
            parsed.GetValue(_report), () => OverloadMarkdown.Write(report, string.Join(' ', parsed.Tokens.Select(token => token.Value))), cancellationToken);
        return report.Passed ? 0 : 1;
    }

    private OverloadSettings Settings(ParseResult parsed) => new(
        "overload", Metric.Cosine, parsed.GetValue(_points), parsed.GetValue(_dimension), parsed.GetValue(_k), parsed.GetValue(_ef),
        parsed.GetValue(_batch), parsed.GetValue(_connections), parsed.GetValue(_unanswered), parsed.GetValue(_times),
        TimeSpan.FromMinutes(parsed.GetValue(_minutes)), TimeSpan.FromSeconds(parsed.GetValue(_peakSeconds)),
        TimeSpan.FromSeconds(parsed.GetValue(_calmSeconds)), TimeSpan.FromSeconds(parsed.GetValue(_deadline)), parsed.GetValue(_idle),
        parsed.GetValue(_stalled), parsed.GetValue(_seed));

    private OverloadBounds Bounds(ParseResult parsed) => new(
        parsed.GetValue(_goodput) / 100, parsed.GetValue(_p99), parsed.GetValue(_memoryGrowth) / 100, parsed.GetValue(_recovery),
        parsed.GetValue(_ratio));
}
