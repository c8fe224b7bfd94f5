using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.FunctionalTests.Security;
using AnnServer.Hosting;
using AnnServer.Protocol.V1;
using AnnServer.Testing;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AnnServer.FunctionalTests.Hosting;

/// <summary>A file of settings that changes while the server runs.</summary>
[Collection(nameof(OneServerAtATime))]
public sealed class ReloadTests : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private readonly ServerFixture _server = new();
    private readonly AllLogs _logs = new();
    private int _taken;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string SettingsPath => Path.Combine(_directory.Path, ".settings.json");

    public async ValueTask InitializeAsync()
    {
        Write("{}");
        _server.AlsoLog = _logs;
        _server.Settings = [$"--Ann:SettingsPath={SettingsPath}", "--Ann:ReloadInterval=00:00:00.1", "--Ann:LongWorkQueue=9"];
        await _server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Assert.DoesNotContain(_server.Log.TakeErrors(), static error => !error.Contains("SettingsNotReloaded", StringComparison.Ordinal));
        await _server.DisposeAsync();
        _directory.Dispose();
    }

    [Fact]
    public async Task Change_LimitsOfCallers_HoldFromTheNextCallOnAndAreGoneWithTheirSettings()
    {
        Assert.True(await MayListAsync());

        Write("""{"Ann": {"RequestsPerSecondPerCaller": 0.001, "RequestBurstPerCaller": 2}}""");
        string told = await NextAsync("SettingsReloaded");

        Assert.Contains("in use: Ann:RequestsPerSecondPerCaller=0.001, Ann:RequestBurstPerCaller=2; from the next start on: nothing", told, StringComparison.Ordinal);
        Assert.True(await MayListAsync());
        Assert.True(await MayListAsync());
        Assert.False(await MayListAsync());

        Write("{}");
        await NextAsync("SettingsReloaded");

        Assert.True(await MayListAsync());
    }

    [Fact]
    public async Task Change_CallsOfACallerAtOnce_HoldsForItsNextCallAndForMessagesOfOpenStreams()
    {
        using var stream = _server.Points.SearchStream(cancellationToken: Cancellation);
        await CreateAsync();
        SearchRequest search = new() { Collection = "c", Vector = Make.Vector(1, 2), K = 1 };
        await stream.RequestStream.WriteAsync(search, Cancellation);
        Assert.True(await stream.ResponseStream.MoveNext(Cancellation));

        Write("""{"Ann": {"RequestsPerSecondPerCaller": 0.001, "MaxCallsInFlightPerCaller": 1}}""");
        await NextAsync("SettingsReloaded");

        await stream.RequestStream.WriteAsync(search, Cancellation);
        Assert.True(await stream.ResponseStream.MoveNext(Cancellation));
        await stream.RequestStream.WriteAsync(search, Cancellation);
        RpcException refused = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancellation));
        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("0.001 a second and 1 at once", refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_CallsAndBytesInFlight_AreRefusedByTheNewNumbers()
    {
        await CreateAsync();
        using var open = _server.Points.SearchStream(cancellationToken: Cancellation);
        await open.RequestStream.WriteAsync(new SearchRequest { Collection = "c", Vector = Make.Vector(1, 2), K = 1 }, Cancellation);
        Assert.True(await open.ResponseStream.MoveNext(Cancellation));

        Write("""{"Ann": {"MaxCallsInFlight": 1}}""");
        await NextAsync("SettingsReloaded");
        RpcException calls = await Assert.ThrowsAsync<RpcException>(ListAsync);
        Write("""{"Ann": {"MaxRequestBytesInFlight": 100}}""");
        await NextAsync("SettingsReloaded");
        RpcException bytes = await Assert.ThrowsAsync<RpcException>(
            async () => await _server.Points.CountAsync(new CountRequest { Collection = new string('c', 200) }, cancellationToken: Cancellation));

        Assert.StartsWith("1 calls are being answered already", calls.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("100 bytes already", bytes.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_MemoryLimit_IsThatOfTheOpenDatabase()
    {
        await CreateAsync();

        Write("""{"Ann": {"MemoryLimitBytes": 1000000}}""");
        await NextAsync("SettingsReloaded");
        RpcException refused = await Assert.ThrowsAsync<RpcException>(UpsertAsync);
        double? limit = await Scrape.ValueAsync(_server, "ann_memory_limit_bytes", "", Cancellation);
        Write("{}");
        await NextAsync("SettingsReloaded");

        Assert.Contains("MemoryLimitBytes, 1000000", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(1_000_000, limit);
        await UpsertAsync();
    }

    [Fact]
    public async Task Change_LevelsOfTheLog_HoldAtOnceAndAreGoneWithTheirSettings()
    {
        ILogger logger = _server.Host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Some.Category");
        Assert.False(logger.IsEnabled(LogLevel.Debug));

        Write("""{"Logging": {"LogLevel": {"Some": "Debug"}}}""");
        string told = await NextAsync("SettingsReloaded");

        Assert.Contains("in use: Logging:LogLevel:Some=Debug;", told, StringComparison.Ordinal);
        Assert.True(logger.IsEnabled(LogLevel.Debug));

        Write("{}");
        await NextAsync("SettingsReloaded");

        Assert.False(logger.IsEnabled(LogLevel.Debug));
    }

    [Fact]
    public async Task Change_NeedsAStart_IsToldByItsNameAndNotUsed()
    {
        Write("""{"Ann": {"MaxSearchWait": "00:00:02", "OtlpEndpoint": "http://name:secret@host:1", "LongWorkQueue": 3, "CheckpointInterval": "01:00:00"}}""");
        string told = await NextAsync("SettingsReloaded");

        // What the command line says is over every file.
        Assert.Equal("Settings changed; in use: Ann:MaxSearchWait=00:00:02; from the next start on: Ann:CheckpointInterval, Ann:OtlpEndpoint", told);
        ServerOptions now = _server.Host.Services.GetRequiredService<LiveOptions>().Current;
        Assert.Equal((TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(5), 9), (now.MaxSearchWait, now.CheckpointInterval, now.LongWorkQueue));
        Assert.DoesNotContain(_logs.Events, static logged => logged.Text.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Change_WithFaults_ChangesNothingAndTellsAllOfThemOnce()
    {
        Write("""{"Ann": {"MaxCallsInFlight": 1000, "MaxSearchWait": "soon", "LongWorkers": 99999}, "Logging": {"LogLevel": {"Some": "Debug", "Other": "Loud"}}}""");
        string told = await NextAsync("SettingsNotReloaded");

        Assert.Contains("Settings changed and 3 cannot be used", told, StringComparison.Ordinal);
        Assert.Contains("Ann:MaxSearchWait is \"soon\"; allowed: ", told, StringComparison.Ordinal);
        Assert.Contains("Ann:LongWorkers is \"99999\"; allowed: ", told, StringComparison.Ordinal);
        Assert.Contains("Logging:LogLevel:Other is \"Loud\"; allowed: Trace, ", told, StringComparison.Ordinal);
        await AssertNothingChangedAsync();

        Write("""{"Ann": {"MaxCallsInFlight": 1000}""");
        told = await NextAsync("SettingsNotReloaded");

        Assert.Contains(".settings.json", told, StringComparison.Ordinal);
        Assert.Contains("LineNumber: 0", told, StringComparison.Ordinal);
        await AssertNothingChangedAsync();

        File.Delete(SettingsPath);
        told = await NextAsync("SettingsNotReloaded");

        Assert.Contains("was not found", told, StringComparison.Ordinal);
        await AssertNothingChangedAsync();

        Write("""{"Ann": {"MaxCallsInFlight": 1000, "MaxCalsInFlight": 1000}}""");
        await NextAsync("SettingsReloaded");

        // What is scraped may be some tenths of a second old.
        await Eventually.HoldsAsync(async () => await Scrape.ValueAsync(_server, "ann_settings_valid", "", Cancellation) == 1, Cancellation);
        Assert.Equal(1000, _server.Host.Services.GetRequiredService<LiveOptions>().Current.MaxCallsInFlight);
        Assert.Equal(LogLevel.Error, _logs.Events.First(static logged => logged.Name == "SettingsNotReloaded").Level);
        Assert.Equal(3, _logs.Events.Count(static logged => logged.Name == "SettingsNotReloaded"));
        Assert.Single(_logs.Events, static logged => logged.Name == "UnknownSetting" && logged.Text.Contains("Ann:MaxCalsInFlight", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Change_ByALinkToAnotherFile_IsSeen()
    {
        string other = Path.Combine(_directory.Path, "other.json");
        await File.WriteAllTextAsync(other, """{"Ann": {"MaxCallsInFlight": 77}}""", Cancellation);
        string link = Path.Combine(_directory.Path, "link");
        File.CreateSymbolicLink(link, other);
        File.Move(link, SettingsPath, overwrite: true);

        Assert.Contains("Ann:MaxCallsInFlight=77", await NextAsync("SettingsReloaded"), StringComparison.Ordinal);
    }

    private async Task AssertNothingChangedAsync()
    {
        Assert.Equal(0, await Scrape.ValueAsync(_server, "ann_settings_valid", "", Cancellation));
        Assert.Equal(4096, _server.Host.Services.GetRequiredService<LiveOptions>().Current.MaxCallsInFlight);
        Assert.False(_server.Host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Some").IsEnabled(LogLevel.Debug));
    }

    /// <summary>The next event of the settings, which has to be of that name.</summary>
    private async Task<string> NextAsync(string name)
    {
        AllLogs.LoggedEvent[] events = [];
        await Eventually.HoldsAsync(
            () =>
            {
                events = [.. _logs.Events.Where(static logged => logged.Name is "SettingsReloaded" or "SettingsNotReloaded")];
                return Task.FromResult(events.Length > _taken);
            },
            Cancellation);
        AllLogs.LoggedEvent next = events[_taken++];
        Assert.Equal(name, next.Name);
        return next.Text.Trim();
    }

    private void Write(string settings)
    {
        string draft = Path.Combine(_directory.Path, "draft");
        File.WriteAllText(draft, settings);
        File.Move(draft, SettingsPath, overwrite: true);
    }

    private async Task ListAsync() => await _server.Collections.ListCollectionsAsync(new ListCollectionsRequest(), cancellationToken: Cancellation);

    private async Task<bool> MayListAsync()
    {
        try
        {
            await ListAsync();
            return true;
        }
        catch (RpcException refused) when (refused.StatusCode == StatusCode.ResourceExhausted)
        {
            return false;
        }
    }

    private async Task UpsertAsync() => await _server.Points.UpsertAsync(
        new UpsertRequest { Collection = "c", Points = { Make.Point(1, Make.Vector(1, 2)) } }, cancellationToken: Cancellation);

    private async Task CreateAsync()
    {
        CreateCollectionRequest create = new() { Config = new CollectionConfig { Name = "c", Dimension = 2, Metric = Metric.L2 } };
        await _server.Collections.CreateCollectionAsync(create, cancellationToken: Cancellation);
    }
}
