using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace AnnServer.FunctionalTests.Security;

/// <summary>Many calls that are denied: a log that stays short, and counts that are exact.</summary>
[Collection(nameof(OneServerAtATime))]
public sealed class DenialFloodTests : IAsyncLifetime
{
    private const int Strangers = 300;
    private const int NotAllowed = 40;

    private readonly TestKeys _keys = new(TestKeys.Entry("reader", "a-key", "read"));
    private readonly ServerFixture _server = new();
    private readonly AllLogs _logs = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server.AlsoLog = _logs;
        _server.Settings = [.. _keys.Settings, "--Ann:Auth:DenialLinesPerSecond=4"];
        await _server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _keys.Dispose();
    }

    [Fact]
    public async Task Flood_FewLinesSayHowManyThereWereAndTheMetricHasThemAll()
    {
        for (int i = 0; i < Strangers; i++)
        {
            Assert.Equal(StatusCode.Unauthenticated, await CheckpointAsync($"no-key-{i}"));
        }

        for (int i = 0; i < NotAllowed; i++)
        {
            Assert.Equal(StatusCode.PermissionDenied, await CheckpointAsync("a-key"));
        }

        await Eventually.HoldsAsync(async () => await DeniedAsync("permission_denied") == NotAllowed, Cancellation);
        Assert.Equal(Strangers, await DeniedAsync("unauthenticated"));
        await _server.StopAsync();
        AllLogs.LoggedEvent[] lines = [.. _logs.Events.Where(static logged => logged.Level >= LogLevel.Information && logged.Category != "AnnServer.Audit")];
        AllLogs.LoggedEvent[] denied = [.. _logs.Of("AnnServer.Audit").Where(static logged => logged.Name == "Denied")];
        long leftOut = _logs.Of("AnnServer.Audit").Where(static logged => logged.Name == "DenialsLeftOut").Sum(static logged => long.Parse(logged.Values["Calls"]));
        Assert.NotEmpty(denied);
        Assert.True(leftOut > 0, "Nothing was left out.");
        Assert.Equal(Strangers + NotAllowed, denied.Length + leftOut);
        // Nor does another category have a line for each.
        Assert.InRange(lines.Length, 1, 50);
    }

    private Task<double?> DeniedAsync(string reason) => Scrape.ValueAsync(_server, "ann_calls_denied_total", $"ann_reason=\"{reason}\"", Cancellation);

    private async Task<StatusCode> CheckpointAsync(string key)
    {
        var call = _server.Admin.CheckpointAsync(new CheckpointRequest(), TestKeys.Headers(key), cancellationToken: Cancellation);
        return (await Assert.ThrowsAsync<RpcException>(async () => await call)).StatusCode;
    }
}
