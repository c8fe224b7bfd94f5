using System.Net;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AnnServer.FunctionalTests.Rpc;

/// <summary>Each with a server of its own: a backup is restored only where there is nothing.</summary>
[Collection(nameof(OneServerAtATime))]
public sealed class RestoreTests : IAsyncLifetime
{
    private const string Restoring = "A backup is being restored.";

    private static readonly SearchRequest Search = new()
    {
        Collection = "points",
        Vector = Make.Vector(40.4f, 1, 0, 0),
        K = 7,
        Filter = new Filter { Expression = "n != 41" },
        WithAttributes = true,
        WithVector = true,
    };

    private readonly ServerFixture _server = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    [Fact]
    public async Task Restore_AfterEverythingWasDeleted_AnswersAsBeforeAndAfterARestartToo()
    {
        ulong written = await LoadAsync();
        SearchResponse expected = await _server.Points.SearchAsync(Search, cancellationToken: Cancellation);
        ulong sequence = await BackUpAsync("b");
        await UpsertAsync(500, 600);
        await DeleteAllAsync();

        RestoreResponse restored = await RestoreAsync("b");

        Assert.Equal(new RestoreResponse { Sequence = sequence, Collections = 2, Points = 200 }, restored);
        Assert.False(Directory.Exists(Path.Combine(_server.DataDirectory, ".restoring")));
        await AssertServedAsync(written);
        RpcException later = await FailsAsync(_server.Points.SearchAsync(
            new SearchRequest(Search) { ReadAfter = sequence + 1 }, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.FailedPrecondition, later.StatusCode);
        Assert.Equal(sequence + 1, await UpsertAsync(1000, 1001));
        Assert.Equal("ready\n", await (await ReadyAsync()).Content.ReadAsStringAsync(Cancellation));
        using HttpClient http = new() { BaseAddress = _server.HttpAddress };
        string metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancellation);
        string gauge = Assert.Single(metrics.Split('\n'), line => line.StartsWith("ann_collections", StringComparison.Ordinal));
        Assert.Matches(@"^ann_collections\S* 2( |$)", gauge);

        await _server.StopAsync();
        await _server.StartAsync();
        await AssertServedAsync(sequence + 1);

        // And again, a later backup that depends on the first would not be of this store.
        await BackUpAsync("c");
        await DeleteAllAsync();
        Assert.Equal(201UL, (await RestoreAsync("c")).Points);

        async Task AssertServedAsync(ulong readAfter) => Assert.Equal(
            expected, await _server.Points.SearchAsync(new SearchRequest(Search) { ReadAfter = readAfter }, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Restore_OfABackupThatDependsOnAnother_HasBoth()
    {
        await LoadAsync();
        await BackUpAsync("monday");
        await UpsertAsync(200, 300);
        ulong sequence = await BackUpAsync("tuesday", "monday");
        await DeleteAllAsync();

        Assert.Equal(new RestoreResponse { Sequence = sequence, Collections = 2, Points = 300 }, await RestoreAsync("tuesday"));
    }

    [Fact]
    public async Task Restore_WhereThereAreCollections_SaysWhatToDo()
    {
        await LoadAsync();
        await BackUpAsync("b");

        RpcException refused = await FailsAsync(_server.Admin.RestoreAsync(new RestoreRequest { Name = "b" }, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Contains("delete", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("AnnServer restore", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(7, (await _server.Points.SearchAsync(Search, cancellationToken: Cancellation)).Hits.Count);
    }

    [Fact]
    public async Task Restore_OfADamagedBackup_IsDataLossAndTheServerGoesOn()
    {
        await LoadAsync();
        await BackUpAsync("b");
        await DeleteAllAsync();
        string pages = Path.Combine(_server.BackupDirectory, "b", "pages.0");
        byte[] sound = await File.ReadAllBytesAsync(pages, Cancellation);
        byte[] damaged = [.. sound];
        damaged[^100] ^= 1;
        await File.WriteAllBytesAsync(pages, damaged, Cancellation);

        RpcException refused = await FailsAsync(_server.Admin.RestoreAsync(new RestoreRequest { Name = "b" }, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.DataLoss, refused.StatusCode);
        Assert.Contains("checksums", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await ReadyAsync()).StatusCode);
        await LoadAsync();
        await DeleteAllAsync();
        await File.WriteAllBytesAsync(pages, sound, Cancellation);
        Assert.Equal(200UL, (await RestoreAsync("b")).Points);
    }

    [Fact]
    public async Task Restore_WithoutABackupDirectory_NamesTheSetting()
    {
        await _server.StopAsync();
        _server.Settings = ["--Ann:BackupDirectory="];
        await _server.StartAsync();

        RpcException refused = await FailsAsync(_server.Admin.RestoreAsync(new RestoreRequest { Name = "b" }, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.FailedPrecondition, refused.StatusCode);
        Assert.Contains("Ann:BackupDirectory", refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_OfWhatTheSettingsDoNotAllow_SaysSoAndServesAfterAStartWithOthers()
    {
        await LoadAsync();
        await BackUpAsync("b");
        await DeleteAllAsync();
        await _server.StopAsync();
        _server.Settings = ["--Ann:Limits:MaxPointsPerCollection=50"];
        await _server.StartAsync();

        RpcException refused = await FailsAsync(_server.Admin.RestoreAsync(new RestoreRequest { Name = "b" }, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        Assert.StartsWith("A backup has been restored, and its database cannot be opened: ", refused.Status.Detail, StringComparison.Ordinal);
        Assert.StartsWith(refused.Status.Detail, await (await ReadyAsync()).Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Contains("RestoredNotOpened", string.Join('\n', _server.Log.TakeErrors()), StringComparison.Ordinal);
        await _server.StopAsync();
        _server.Settings = [];
        await _server.StartAsync();
        Assert.Equal(7, (await _server.Points.SearchAsync(Search, cancellationToken: Cancellation)).Hits.Count);
    }

    [Fact]
    public async Task Restore_WhileItRuns_EverythingElseIsUnavailableAndSaysWhy()
    {
        NamedPipe pipe = await BlockedBackupAsync();
        using AsyncUnaryCall<RestoreResponse> restoring = await StartAsync();

        RpcException[] refused =
        [
            await FailsAsync(_server.Admin.RestoreAsync(new RestoreRequest { Name = "b" }, cancellationToken: Cancellation)),
            await FailsAsync(_server.Admin.BackupAsync(new BackupRequest { Name = "c" }, cancellationToken: Cancellation)),
            await FailsAsync(_server.Admin.GetStatsAsync(new GetStatsRequest(), cancellationToken: Cancellation)),
            await FailsAsync(_server.Points.SearchAsync(Search, cancellationToken: Cancellation)),
            await FailsAsync(_server.Collections.CreateCollectionAsync(
                new CreateCollectionRequest { Config = new CollectionConfig { Name = "x", Dimension = 4, Metric = Metric.L2 } }, cancellationToken: Cancellation)),
        ];
        HttpResponseMessage ready = await ReadyAsync();

        Assert.All(refused, error => Assert.Equal((StatusCode.Unavailable, Restoring), (error.StatusCode, error.Status.Detail)));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal($"{Restoring}\n", await ready.Content.ReadAsStringAsync(Cancellation));
        // A second process is kept out as before.
        Assert.Throws<IOException>(() => File.Open(Path.Combine(_server.DataDirectory, "LOCK"), FileMode.Open, FileAccess.ReadWrite, FileShare.None));
        await pipe.WriteAsync(Cancellation);
        Assert.Equal(200UL, (await restoring).Points);
        Assert.Equal(7, (await _server.Points.SearchAsync(Search, cancellationToken: Cancellation)).Hits.Count);
    }

    [Fact]
    public async Task Restore_GivenUpByTheClient_ChangesNothing()
    {
        NamedPipe pipe = await BlockedBackupAsync();
        using CancellationTokenSource givenUp = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        using AsyncUnaryCall<RestoreResponse> restoring = await StartAsync(givenUp.Token);

        await givenUp.CancelAsync();
        Assert.Equal(StatusCode.Cancelled, (await FailsAsync(restoring)).StatusCode);
        await pipe.WriteAsync(Cancellation);

        await UntilAsync(async () => (await ReadyAsync()).StatusCode == HttpStatusCode.OK);
        Assert.False(Directory.Exists(Path.Combine(_server.DataDirectory, ".restoring")));
        await LoadAsync();
    }

    [Fact]
    public async Task Stop_WhileABackupIsRestored_LeavesWhatWasThere()
    {
        NamedPipe pipe = await BlockedBackupAsync();
        using AsyncUnaryCall<RestoreResponse> restoring = await StartAsync();

        Task stopped = _server.StopAsync();
        await UntilAsync(() => Task.FromResult(_server.Host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested));
        await pipe.WriteAsync(Cancellation);
        await FailsAsync(restoring);
        await stopped;

        await _server.StartAsync();
        Assert.Empty((await _server.Collections.ListCollectionsAsync(new ListCollectionsRequest(), cancellationToken: Cancellation)).Collections);
        Assert.False(Directory.Exists(Path.Combine(_server.DataDirectory, ".restoring")));
    }

    public async ValueTask DisposeAsync()
    {
        string errors = string.Join('\n', _server.Log.TakeErrors());
        await _server.DisposeAsync();
        Assert.Equal("", errors);
    }

    private static async Task<RpcException> FailsAsync<T>(AsyncUnaryCall<T> call) => await Assert.ThrowsAsync<RpcException>(async () => await call);

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        while (!await condition())
        {
            await Task.Delay(1, Cancellation);
        }
    }

    // The first file of the backup that is copied comes when the test says so. Nothing else is in the server.
    private async Task<NamedPipe> BlockedBackupAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no named pipes among files.");
        await LoadAsync();
        await BackUpAsync("b");
        await DeleteAllAsync();
        return await NamedPipe.InPlaceOfAsync(Path.Combine(_server.BackupDirectory, "b", "pages.0"), Cancellation);
    }

    // Returns when it is under way.
    private async Task<AsyncUnaryCall<RestoreResponse>> StartAsync(CancellationToken? cancellation = null)
    {
        AsyncUnaryCall<RestoreResponse> restoring = _server.Admin.RestoreAsync(
            new RestoreRequest { Name = "b" }, cancellationToken: cancellation ?? Cancellation);
        await UntilAsync(() => Task.FromResult(Directory.Exists(Path.Combine(_server.DataDirectory, ".restoring"))));
        return restoring;
    }

    private async Task<ulong> LoadAsync()
    {
        foreach (string name in new[] { "points", "empty" })
        {
            CollectionConfig config = new()
            {
                Name = name,
                Dimension = 4,
                Metric = Metric.L2,
                Attributes = { new AttributeSchema { Name = "n", Type = AttributeType.Int64 } },
            };
            await _server.Collections.CreateCollectionAsync(new CreateCollectionRequest { Config = config }, cancellationToken: Cancellation);
        }

        return await UpsertAsync(0, 200);
    }

    private async Task<ulong> UpsertAsync(int from, int to)
    {
        UpsertRequest request = new() { Collection = "points" };
        request.Points.AddRange(Enumerable.Range(from, to - from).Select(i => Make.Point((ulong)i, Make.Vector(i, 1, 0, 0), ("n", Make.Int(i)))));
        return (await _server.Points.UpsertAsync(request, cancellationToken: Cancellation)).Sequence;
    }

    private async Task DeleteAllAsync()
    {
        foreach (string name in new[] { "points", "empty" })
        {
            await _server.Collections.DeleteCollectionAsync(new DeleteCollectionRequest { Name = name }, cancellationToken: Cancellation);
        }
    }

    private async Task<ulong> BackUpAsync(string name, string before = "") =>
        (await _server.Admin.BackupAsync(new BackupRequest { Name = name, Before = before }, cancellationToken: Cancellation)).Sequence;

    private async Task<RestoreResponse> RestoreAsync(string name) =>
        await _server.Admin.RestoreAsync(new RestoreRequest { Name = name }, cancellationToken: Cancellation);

    private async Task<HttpResponseMessage> ReadyAsync()
    {
        using HttpClient http = new() { BaseAddress = _server.HttpAddress };
        return await http.GetAsync(new Uri("/readyz", UriKind.Relative), Cancellation);
    }
}
