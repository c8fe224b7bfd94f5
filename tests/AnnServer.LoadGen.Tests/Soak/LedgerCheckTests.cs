using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Soak;
using AnnServer.LoadGen.Tests.InMemory;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Tests.Soak;

/// <summary>The load against a server that is right, and against servers that lose what they acknowledge.</summary>
public sealed class LedgerCheckTests
{
    private const int Writes = 600;

    [Theory]
    [InlineData(nameof(Fault.None), false)]
    [InlineData(nameof(Fault.LosesUpserts), true)]
    [InlineData(nameof(Fault.ForgetsAttributeUpdates), true)]
    [InlineData(nameof(Fault.ReturnsDeletedPoints), true)]
    public async Task Run_AfterALoad_SaysWhetherAnythingIsLost(string fault, bool isLost)
    {
        SoakSettings settings = new(
            "c", Metric.Cosine, Points: 200, K: 5, RecallTarget: 0, OperationMix.Parse("search=1,filtered=1,batch=1,upsert=3,delete=2,update=2"),
            Rate: 2000, Concurrency: 4, Seed: 3, TimeSpan.Zero, KillEvery: null, TimeSpan.Zero, TimeSpan.Zero);
        await using InMemoryServer server = await InMemoryServer.StartAsync(settings.Metric, Enum.Parse<Fault>(fault));
        using ServerConnections connections = server.Connect(2);
        SoakContent content = new(settings, VectorSet.Generate(200, 50, dimension: 8, settings.Seed));
        SoakLedger ledger = new();
        SoakTally tally = new();
        await new SoakFill(connections, settings, content, ledger).RunAsync(TestContext.Current.CancellationToken);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task loading = new SoakLoad(settings, content, ledger, tally).RunAsync(connections, stretch: 0, end.Token);
        while (ledger.Acknowledgements < settings.Points + Writes && !loading.IsCompleted)
            await Task.Delay(5, TestContext.Current.CancellationToken);
        await end.CancelAsync();
        await loading;

        LedgerCheck check = new(settings.Collection, content, ledger);
        await check.RunAsync(connections, TestContext.Current.CancellationToken);

        Assert.Empty(tally.Errors.Counts);
        Assert.Equal(isLost, check.Lost > 0);
        Assert.Equal(isLost, check.First.Count > 0);
        Assert.InRange(check.Compared, 1, long.MaxValue);
    }
}
