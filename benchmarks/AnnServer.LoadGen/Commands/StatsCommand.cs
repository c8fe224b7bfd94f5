using System.CommandLine;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Reports;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Commands;

/// <summary>Shows the server's own counts, for tools that cannot tell an answer from an error.</summary>
internal sealed class StatsCommand
{
    private readonly ServerOptions _server = new();

    public Command Build()
    {
        Command command = new("stats", "Print what the server has counted since it started.");
        _server.AddTo(command, withCollection: false);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using ServerConnections connections = _server.Connect(parsed);
        GetStatsResponse stats = await connections.Admin.GetStatsAsync(new GetStatsRequest(), cancellationToken: cancellationToken);
        StatsReport report = StatsReport.From(stats);
        Tables.Print(report);
        await JsonReport.WriteAsync(_server.Json(parsed), report, cancellationToken);
        return 0;
    }
}
