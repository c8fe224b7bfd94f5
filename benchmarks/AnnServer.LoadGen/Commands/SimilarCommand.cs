using System.CommandLine;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Queries;
using AnnServer.LoadGen.Reports;
using AnnServer.LoadGen.Similar;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Commands;

/// <summary>Shows the neighbours of a stored point, for a person to look at.</summary>
internal sealed class SimilarCommand
{
    private readonly ServerOptions _server = new();
    private readonly Option<string> _id = new("--id") { Description = "Key of the point.", Required = true };
    private readonly Option<bool> _num = new("--num") { Description = "The id is a number, not a key." };
    private readonly Option<int> _k = new("--k") { Description = "Neighbours wanted.", DefaultValueFactory = _ => 8 };
    private readonly Option<string?> _filter = new("--filter") { Description = "Filter expression: length <= 6." };
    private readonly Option<uint> _ef = new("--ef") { Description = "Candidates kept; the server's default otherwise." };
    private readonly Option<double> _recall = new("--recall") { Description = "Recall target." };
    private readonly Option<bool> _exact = new("--exact") { Description = "Search exactly." };
    private readonly Option<bool> _explain = new("--explain") { Description = "Also print how the answer came about." };

    public Command Build()
    {
        Command command = new("similar", "Print the points most similar to a stored one.");
        _server.AddTo(command);
        foreach (Option option in (Option[])[_id, _num, _k, _filter, _ef, _recall, _exact, _explain])
            command.Options.Add(option);
        _k.Within(1, int.MaxValue - 1, "--k is at least 1.");
        command.Validators.Add(result =>
        {
            if (result.GetValue(_num) && !ulong.TryParse(result.GetValue(_id), out ulong _))
                result.AddError("--id is a number where --num is given.");
        });
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string id = parsed.GetRequiredValue(_id);
        SimilarPlan plan = new(
            _server.Collection(parsed),
            parsed.GetValue(_num) ? new PointId { Num = ulong.Parse(id) } : new PointId { Key = id },
            parsed.GetValue(_k),
            parsed.GetValue(_filter),
            new Effort(parsed.GetValue(_ef), parsed.GetValue(_exact), parsed.GetValue(_recall)),
            parsed.GetValue(_explain));
        using ServerConnections connections = _server.Connect(parsed);
        SimilarReport report = await SimilarSearch.RunAsync(connections, plan, cancellationToken);
        Tables.Print(report);
        await JsonReport.WriteAsync(_server.Json(parsed), report, cancellationToken);
        return 0;
    }
}
