using System.CommandLine;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Filters;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Queries;
using AnnServer.LoadGen.Reports;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Commands;

/// <summary>Runs the (query, predicate) pairs of a data set against its exact filtered answers.</summary>
internal sealed class FilteredCommand
{
    private readonly ServerOptions _server = new();
    private readonly Option<string> _data = new("--data")
    {
        Description = "Folder with base.f16vecs, query.f16vecs, base_attrs.jsonl.gz and filtered.jsonl.",
        Required = true,
    };
    private readonly Option<string> _form = new Option<string>("--form")
    {
        Description = "How filters are sent.",
        DefaultValueFactory = _ => "predicate",
    }.AcceptOnlyFromAmong("expression", "predicate");
    private readonly Option<int> _k = new("--k") { Description = "Results wanted, 1 to 10.", DefaultValueFactory = _ => 10 };
    private readonly Option<string?> _ef = new("--ef") { Description = "One ef or several." };
    private readonly Option<string?> _recall = new("--recall") { Description = "One recall target or several: 0.9,0.99." };
    private readonly Option<bool> _exact = new("--exact") { Description = "Also run exactly." };
    private readonly Option<int> _concurrency = new("--concurrency")
    {
        Description = "Requests unanswered on a connection.",
        DefaultValueFactory = _ => 1,
    };
    private readonly Option<int> _limit = new("--limit") { Description = "Pairs at most.", DefaultValueFactory = _ => int.MaxValue };

    public Command Build()
    {
        Command command = new("filtered", "Measure filtered recall by selectivity and group.");
        _server.AddTo(command);
        foreach (Option option in (Option[])[_data, _form, _k, _ef, _recall, _exact, _concurrency, _limit])
            command.Options.Add(option);
        _k.Within(1, 10, "--k is 1 to 10: the exact answers are 10 deep.");
        _concurrency.Within(1, int.MaxValue, "--concurrency is at least 1.");
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string data = parsed.GetRequiredValue(_data);
        VectorFile queries = VectorFile.Read(Path.Combine(data, "query.f16vecs"));
        IReadOnlyList<FilteredCase> pairs = [.. FilteredCase.Read(Path.Combine(data, "filtered.jsonl")).Take(parsed.GetValue(_limit))];
        FilteredJudge judge = new(
            VectorFile.Read(Path.Combine(data, "base.f16vecs")),
            queries,
            await AttributeFile.ReadAsync(Path.Combine(data, "base_attrs.jsonl.gz"), [], cancellationToken),
            parsed.GetValue(_k));

        using ServerConnections connections = _server.Connect(parsed);
        CountRequest count = new() { Collection = _server.Collection(parsed) };
        ulong loaded = (await connections.Points(0).CountAsync(count, cancellationToken: cancellationToken)).Count;
        List<FilteredReport> reports = [];
        foreach (Effort effort in Effort.Parse(parsed.GetValue(_ef), parsed.GetValue(_recall), parsed.GetValue(_exact)))
        {
            FilteredPlan plan = new(
                _server.Collection(parsed), parsed.GetValue(_k), effort, parsed.GetValue(_form) == "expression",
                parsed.GetValue(_concurrency));
            FilteredRun run = new(connections, plan, pairs, queries, judge);
            await run.RunAsync(cancellationToken);
            FilteredReport report = new(
                effort.Name, parsed.GetValue(_form) ?? "", FilteredSummary.Slice(run.Outcomes, plan.K), loaded, run.Errors.Counts,
                run.Errors.FirstDetails);
            Tables.Print(report);
            reports.Add(report);
        }
        await JsonReport.WriteAsync(_server.Json(parsed), reports, cancellationToken);
        return reports.TrueForAll(report => report.Errors.Count == 0 && report.Slices[0].WrongHits == 0) ? 0 : 1;
    }
}
