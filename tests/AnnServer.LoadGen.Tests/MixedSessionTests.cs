using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Mixed;
using AnnServer.LoadGen.Reports;
using AnnServer.LoadGen.Tests.InMemory;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Tests;

public sealed class MixedSessionTests
{
    [Theory]
    [InlineData(Metric.L2)]
    [InlineData(Metric.Cosine)]
    [InlineData(Metric.Dot)]
    public async Task Run_CorrectServer_Passes(Metric metric)
    {
        MixedReport report = await RunAsync(metric, Fault.None);

        Assert.Empty(report.FirstWrongAnswers);
        Assert.True(report.Passed);
        Assert.Equal(report.FinalQueries, report.ExactEqual);
        Assert.Equal(1, report.DefaultRecall);
        Assert.Equal(1, report.FilteredRecall);
        Assert.NotEmpty(report.Memory);
    }

    [Theory]
    [InlineData(nameof(Fault.ReturnsDeletedPoints))]
    [InlineData(nameof(Fault.ForgetsAttributeUpdates))]
    [InlineData(nameof(Fault.IgnoresFilters))]
    [InlineData(nameof(Fault.ReturnsTooFew))]
    [InlineData(nameof(Fault.MisordersExactAnswers))]
    [InlineData(nameof(Fault.CountsTooMany))]
    public async Task Run_WrongServer_Fails(string fault)
    {
        MixedReport report = await RunAsync(Metric.L2, Enum.Parse<Fault>(fault));

        Assert.False(report.Passed);
        Assert.NotEqual(0, report.WrongAnswers);
        Assert.NotEmpty(report.FirstWrongAnswers);
    }

    [Fact]
    public async Task Run_ServerThatRefuses_ReportsTheStatus()
    {
        MixedReport report = await RunAsync(Metric.L2, Fault.RefusesSearches);

        Assert.False(report.Passed);
        Assert.Contains("ResourceExhausted", report.Errors.Keys);
    }

    private static async Task<MixedReport> RunAsync(Metric metric, Fault fault)
    {
        await using InMemoryServer server = await InMemoryServer.StartAsync(metric, fault);
        using ServerConnections connections = server.Connect(2);
        // No time, so that what is done does not depend on how busy the machine is.
        MixedSettings settings = new(
            "c", metric, Dimension: 8, TimeSpan.Zero, LeastOperations: 300, PointsPerWorker: 150, K: 5, Seed: 11, FinalQueries: 20);
        return await new MixedSession(connections, settings, vectors: null).RunAsync(TestContext.Current.CancellationToken);
    }
}
