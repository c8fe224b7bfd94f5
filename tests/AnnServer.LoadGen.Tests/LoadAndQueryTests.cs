using System.Diagnostics;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Queries;
using AnnServer.LoadGen.Tests.InMemory;
using AnnServer.LoadGen.Wire;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Tests;

public sealed class LoadAndQueryTests
{
    private const int Rows = 100;
    private static readonly VectorFile Vectors = new(TexmexFile.Parse(
        VectorFileTests.Rows([.. Enumerable.Range(0, Rows).Select(i => new byte[] { (byte)i, (byte)(i * i % 251), (byte)(i % 7) })]),
        ElementType.UInt8, "rows"));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Load_AnyMode_SendsEveryPointOnce(bool stream)
    {
        await using InMemoryServer server = await InMemoryServer.StartAsync();
        using ServerConnections connections = server.Connect(2);
        int loaded = 0;

        PointLoader loader = NewLoader(connections, stream, count => Interlocked.Add(ref loaded, count));
        await loader.RunAsync(TestContext.Current.CancellationToken);

        Assert.Empty(loader.Errors.Counts);
        Assert.Equal(Rows, loaded);
        Assert.Equal((ulong)Rows, await CountAsync(connections));
        Assert.Equal(15, loader.Latencies.Summarize().Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Load_ServerBusyAtFirst_RetriesUntilEveryPointIsThere(bool stream)
    {
        await using InMemoryServer server = await InMemoryServer.StartAsync(fault: Fault.IsBusyAtFirst);
        using ServerConnections connections = server.Connect(2);
        int loaded = 0;

        PointLoader loader = NewLoader(connections, stream, count => Interlocked.Add(ref loaded, count));
        await loader.RunAsync(TestContext.Current.CancellationToken);

        Assert.Empty(loader.Errors.Counts);
        Assert.Equal(3, loader.Retries);
        Assert.Equal(Rows, loaded);
        Assert.Equal((ulong)Rows, await CountAsync(connections));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Load_ServerFull_GivesUp(bool stream)
    {
        await using InMemoryServer server = await InMemoryServer.StartAsync(fault: Fault.IsFull);
        using ServerConnections connections = server.Connect(1);

        PointLoader loader = NewLoader(connections, stream, _ => { });
        await loader.RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(stream ? 1 : 15, loader.Errors.Counts["ResourceExhausted"]);
        Assert.InRange(loader.Retries, 5, 10);
    }

    [Theory]
    [InlineData("Unary", null)]
    [InlineData("Batch", null)]
    [InlineData("Stream", null)]
    [InlineData("Unary", 2000.0)]
    [InlineData("Stream", 2000.0)]
    public async Task Query_AnyMode_AnswersEveryQueryAndKnowsItsRecall(string modeName, double? rate)
    {
        QueryMode mode = Enum.Parse<QueryMode>(modeName);
        await using InMemoryServer server = await InMemoryServer.StartAsync();
        using ServerConnections connections = server.Connect(2);
        await NewLoader(connections, stream: false, _ => { }).RunAsync(TestContext.Current.CancellationToken);
        QueryPlan plan = new("c", mode, Batch: 7, Concurrency: 3);
        AnswerTally answers = new(Rows, expectedHits: 1);
        SearchRequest[] requests = [.. Enumerable.Range(0, Rows).Select(
            i => new SearchRequest { Collection = "c", Vector = PackedVectors.FromRow(Vectors, i), K = 1 })];
        RequestSchedule schedule = new(Stopwatch.GetTimestamp(), limit: Rows, duration: null, rate);

        QueryRun run = new(connections, requests, plan, schedule, answers);
        await run.RunAsync(TestContext.Current.CancellationToken);

        Assert.Empty(run.Errors.Counts);
        Assert.Equal(Rows * plan.QueriesPerRequest, answers.Answered);
        Assert.Equal(0, answers.Short);
        Assert.Equal(Rows, run.Latencies.Summarize().Count);
        Assert.Equal(rate is null ? 0 : Rows, run.SendLags.Summarize().Count);
        Assert.Equal(1.0, answers.Recall(SelfJudge(), 1));
    }

    [Theory]
    [InlineData("Unary")]
    [InlineData("Stream")]
    public async Task Query_ServerThatRefuses_CountsErrorsByStatus(string modeName)
    {
        QueryMode mode = Enum.Parse<QueryMode>(modeName);
        await using InMemoryServer server = await InMemoryServer.StartAsync(fault: Fault.RefusesSearches);
        using ServerConnections connections = server.Connect(1);
        SearchRequest[] requests = [new SearchRequest { Collection = "c", Vector = PackedVectors.FromRow(Vectors, 0), K = 1 }];
        AnswerTally answers = new(1, 1);
        RequestSchedule schedule = new(Stopwatch.GetTimestamp(), limit: 4, duration: null, rate: null);

        QueryRun run = new(connections, requests, new QueryPlan("c", mode, 0, 1), schedule, answers);
        await run.RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, answers.Answered);
        Assert.Equal(mode == QueryMode.Unary ? 4 : 1, run.Errors.Counts["ResourceExhausted"]);
        Assert.Null(answers.Recall(SelfJudge(), 1));
    }

    [Fact]
    public async Task BackgroundUpserts_AtARate_AddsTheRowsThatAreNotLoadedAndThenAllAnew()
    {
        await using InMemoryServer server = await InMemoryServer.StartAsync();
        using ServerConnections connections = server.Connect(1);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        BackgroundUpserts upserts = new(connections, new PointSource(Vectors, null, int.MaxValue), "c", loaded: 90, rate: 2000);

        Task running = upserts.RunAsync(stop.Token);
        long acknowledged = 0;
        while (acknowledged < 2 * Rows)
        {
            acknowledged += upserts.Take().Count;
            await Task.Yield();
        }
        await stop.CancelAsync();
        await running;

        Assert.Empty(upserts.Errors.Counts);
        Assert.Equal((ulong)Rows, await CountAsync(connections));
    }

    private static PointLoader NewLoader(ServerConnections connections, bool stream, Action<int> onLoaded) =>
        new(connections, new PointSource(Vectors, null, int.MaxValue), new LoadPlan("c", BatchSize: 7, InFlight: 2, stream), onLoaded);

    private static async Task<ulong> CountAsync(ServerConnections connections)
    {
        CountRequest request = new() { Collection = "c" };
        return (await connections.Points(0).CountAsync(request, cancellationToken: TestContext.Current.CancellationToken)).Count;
    }

    /// <summary>The queries are the base: each vector is the nearest to itself.</summary>
    private static RecallJudge SelfJudge()
    {
        byte[] ids = [.. Enumerable.Range(0, Rows).SelectMany(i => VectorFileTests.Row(1, BitConverter.GetBytes(i)))];
        GroundTruth truth = new(TexmexFile.Parse(ids, ElementType.Int32, "self"), null);
        return new RecallJudge(truth, ScoreKind.SquaredDistance, Vectors, Vectors);
    }
}
