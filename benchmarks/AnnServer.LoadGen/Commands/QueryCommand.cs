using System.CommandLine;
using System.Diagnostics;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Queries;
using AnnServer.LoadGen.Reports;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Commands;

/// <summary>Measures searches: speed, latency, server processor time and recall together.</summary>
internal sealed class QueryCommand
{
    private readonly ServerOptions _server = new();
    private readonly Option<string> _query = new("--query") { Description = "Query vectors.", Required = true };
    private readonly Option<string?> _truth = new("--gt") { Description = "Ground truth, .ivecs." };
    private readonly Option<string?> _scores = new("--gt-scores") { Description = "Scores of the ground truth, so that ties count." };
    private readonly Option<string?> _base = new("--base") { Description = "Base vectors, to judge results outside the ground truth, and to upsert." };
    private readonly Option<double?> _upserts = new("--background-upserts") { Description = "Upsert so many rows of --base a second meanwhile." };
    private readonly Option<int> _k = new("--k") { Description = "Results wanted.", DefaultValueFactory = _ => 10 };
    private readonly Option<string?> _ef = new("--ef") { Description = "One ef or several: 16,32,64." };
    private readonly Option<string?> _recall = new("--recall") { Description = "One recall target or several: 0.9,0.99." };
    private readonly Option<bool> _exact = new("--exact") { Description = "Also run exactly." };
    private readonly Option<string?> _filter = new("--filter") { Description = "Filter expression." };
    private readonly Option<int> _batch = new("--batch") { Description = "Queries in a request; 1 or more selects SearchBatch." };
    private readonly Option<bool> _stream = new("--stream") { Description = "Use SearchStream." };
    private readonly Option<int> _concurrency = new("--concurrency")
    {
        Description = "Requests unanswered on a connection.",
        DefaultValueFactory = _ => 1,
    };
    private readonly Option<double?> _rate = new("--rate") { Description = "Open loop: queries a second, latency from the intended time." };
    private readonly Option<double?> _duration = new("--duration") { Description = "Seconds to measure at each effort." };
    private readonly Option<int> _repeat = new("--repeat") { Description = "Passes over the queries.", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _warmUp = new("--warm-up") { Description = "Passes before measuring.", DefaultValueFactory = _ => 1 };

    public Command Build()
    {
        Command command = new("query", "Search, and print QPS, latency, server CPU, recall and the loaded count together.");
        _server.AddTo(command);
        foreach (Option option in (Option[])[
            _query, _truth, _scores, _base, _k, _ef, _recall, _exact, _filter, _batch, _stream, _concurrency, _rate, _duration, _repeat, _warmUp,
            _upserts])
        {
            command.Options.Add(option);
        }
        _k.Within(1, int.MaxValue, "--k is at least 1.");
        _concurrency.Within(1, int.MaxValue, "--concurrency is at least 1.");
        _repeat.Within(1, int.MaxValue, "--repeat is at least 1.");
        _warmUp.Within(0, int.MaxValue, "--warm-up is at least 0.");
        command.Validators.Add(result =>
        {
            if (result.GetValue(_batch) > 0 && result.GetValue(_stream))
                result.AddError("--batch and --stream exclude each other.");
        });
        command.Validators.Add(result =>
        {
            if (result.GetValue(_upserts) is { } rate && (rate <= 0 || result.GetValue(_base) is null))
                result.AddError("--background-upserts is more than 0 and needs --base.");
        });
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        VectorFile queries = VectorFile.Read(parsed.GetRequiredValue(_query));
        using ServerConnections connections = _server.Connect(parsed);
        string collection = _server.Collection(parsed);
        int k = parsed.GetValue(_k);
        RecallJudge? judge = await JudgeAsync(parsed, connections, collection, queries, cancellationToken);
        List<QueryReport> reports = [];
        using ServerConnections forUpserts = _server.Connect(parsed, 1);
        using CancellationTokenSource stopUpserts = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        BackgroundUpserts? upserts = await UpsertsAsync(parsed, forUpserts, collection, cancellationToken);
        Task upserting = upserts?.RunAsync(stopUpserts.Token) ?? Task.CompletedTask;
        foreach (Effort effort in Effort.Parse(parsed.GetValue(_ef), parsed.GetValue(_recall), parsed.GetValue(_exact)))
        {
            SearchRequest[] requests = Requests(parsed, collection, queries, effort);
            reports.Add(await MeasureAsync(parsed, connections, requests, effort, judge, k, upserts, cancellationToken));
        }
        await stopUpserts.CancelAsync();
        await upserting;
        Tables.Print(reports);
        await JsonReport.WriteAsync(_server.Json(parsed), reports, cancellationToken);
        if (upserts?.Errors.FirstDetails is { Count: > 0 } failed)
            throw new InvalidDataException($"{upserts.Errors.Total} background upserts failed; the first: {failed.First().Key} {failed.First().Value}");
        return reports.TrueForAll(report => report.Errors.Count == 0) ? 0 : 1;
    }

    private async Task<BackgroundUpserts?> UpsertsAsync(
        ParseResult parsed, ServerConnections connections, string collection, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_upserts) is not { } rate)
            return null;
        PointSource source = new(VectorFile.Read(parsed.GetValue(_base)!), null, int.MaxValue);
        CountRequest request = new() { Collection = collection };
        CountResponse loaded = await connections.Points(0).CountAsync(request, cancellationToken: cancellationToken);
        return new BackgroundUpserts(connections, source, collection, (long)loaded.Count, rate);
    }

    /// <summary>No recall without a ground truth, nor under a filter: the files answer the unfiltered question.</summary>
    private async Task<RecallJudge?> JudgeAsync(
        ParseResult parsed, ServerConnections connections, string collection, VectorFile queries, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(_truth) is not { } truthPath || parsed.GetValue(_filter) is not null)
            return null;
        GroundTruth truth = GroundTruth.Read(truthPath, parsed.GetValue(_scores));
        if (truth.Queries != queries.Count)
            throw new InvalidDataException($"{truth.Queries} rows of ground truth for {queries.Count} queries.");
        GetCollectionRequest request = new() { Name = collection };
        GetCollectionResponse response = await connections.Collections.GetCollectionAsync(request, cancellationToken: cancellationToken);
        VectorFile? baseVectors = parsed.GetValue(_base) is { } basePath ? VectorFile.Read(basePath) : null;
        return new RecallJudge(truth, Metrics.ScoreOf(response.Collection.Config.Metric), queries, baseVectors);
    }

    private SearchRequest[] Requests(ParseResult parsed, string collection, VectorFile queries, Effort effort)
    {
        SearchRequest[] requests = new SearchRequest[queries.Count];
        for (int i = 0; i < requests.Length; i++)
        {
            requests[i] = new SearchRequest
            {
                Collection = collection,
                Vector = PackedVectors.FromRow(queries, i),
                K = (uint)parsed.GetValue(_k),
                Filter = FilterOf(parsed),
            };
            effort.Apply(requests[i]);
        }
        return requests;
    }

    private Filter? FilterOf(ParseResult parsed) =>
        parsed.GetValue(_filter) is { } expression ? new Filter { Expression = expression } : null;

    private async Task<QueryReport> MeasureAsync(
        ParseResult parsed, ServerConnections connections, SearchRequest[] requests, Effort effort, RecallJudge? judge, int k,
        BackgroundUpserts? upserts, CancellationToken cancellationToken)
    {
        QueryPlan plan = Plan(parsed);
        ulong loaded = await CountAsync(connections, null, cancellationToken);
        ulong matching = parsed.GetValue(_filter) is null ? loaded : await CountAsync(connections, FilterOf(parsed), cancellationToken);
        int expectedHits = (int)Math.Min((ulong)k, matching);

        long pass = (requests.Length + plan.QueriesPerRequest - 1) / plan.QueriesPerRequest;
        RequestSchedule warmUp = new(Stopwatch.GetTimestamp(), pass * parsed.GetValue(_warmUp), null, null);
        await new QueryRun(connections, requests, plan, warmUp, new AnswerTally(requests.Length, expectedHits)).RunAsync(cancellationToken);

        double? rate = parsed.GetValue(_rate);
        double? duration = parsed.GetValue(_duration);
        AnswerTally answers = new(requests.Length, expectedHits);
        upserts?.Take();
        ServerClock clock = await ServerClock.StartAsync(connections.Admin, cancellationToken);
        Stopwatch watch = Stopwatch.StartNew();
        RequestSchedule schedule = new(
            Stopwatch.GetTimestamp(),
            duration is null ? pass * parsed.GetValue(_repeat) : null,
            duration is null ? null : TimeSpan.FromSeconds(duration.Value),
            rate / plan.QueriesPerRequest);
        QueryRun run = new(connections, requests, plan, schedule, answers);
        await run.RunAsync(cancellationToken);
        double seconds = watch.Elapsed.TotalSeconds;
        LatencySummary upserted = upserts?.Take() ?? default;
        double cpuSeconds = await clock.ElapsedCpuSecondsAsync(cancellationToken);
        return new QueryReport(
            effort.Name, plan.Mode.ToString(), rate, seconds, answers.Answered / seconds, run.Latencies.Summarize(),
            run.SendLags.Summarize(),
            answers.Answered == 0 ? 0 : cpuSeconds * 1e6 / answers.Answered, judge is null ? null : answers.Recall(judge, k),
            answers.Answered, answers.Short, loaded, run.Errors.Counts, run.Errors.FirstDetails, upserted);

        async Task<ulong> CountAsync(ServerConnections to, Filter? filter, CancellationToken token)
        {
            CountRequest request = new() { Collection = plan.Collection, Filter = filter };
            return (await to.Points(0).CountAsync(request, cancellationToken: token)).Count;
        }
    }

    private QueryPlan Plan(ParseResult parsed)
    {
        int batch = parsed.GetValue(_batch);
        QueryMode mode = parsed.GetValue(_stream) ? QueryMode.Stream : batch > 0 ? QueryMode.Batch : QueryMode.Unary;
        return new QueryPlan(_server.Collection(parsed), mode, batch, parsed.GetValue(_concurrency));
    }
}
