using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using AnnServer.Security;
using AnnServer.Security.Keys;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Security;

/// <summary>API keys: how they are sent, take each other's place, expire and are taken away.</summary>
public sealed class KeyTests : IAsyncLifetime
{
    private const string Old = "old-key";
    private const string New = "new-key";
    private const string Root = "root-key";

    private static readonly string RootEntry = TestKeys.Entry("root", Root, "admin");

    private readonly TestKeys _keys = new(TestKeys.Entry("ingest", Old, "write"), RootEntry);
    private readonly ServerFixture _server = new();
    private readonly AllLogs _logs = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server.Settings = _keys.Settings;
        _server.AlsoLog = _logs;
        await _server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(_server.Log.TakeErrors());
        await _server.DisposeAsync();
        _keys.Dispose();
    }

    [Fact]
    public async Task Call_KeyInEitherHeader_IsTaken()
    {
        Assert.Equal(StatusCode.OK, await ListAsync(new Metadata { { "authorization", $"Bearer {Root}" } }));
        Assert.Equal(StatusCode.OK, await ListAsync(new Metadata { { "authorization", $"bearer {Root}" } }));
        Assert.Equal(StatusCode.OK, await ListAsync(new Metadata { { "x-api-key", Root } }));
    }

    [Fact]
    public async Task Call_WhatIsNoKey_IsUnauthenticated()
    {
        Assert.Equal(StatusCode.Unauthenticated, await ListAsync([]));
        Assert.Equal(StatusCode.Unauthenticated, await ListAsync(new Metadata { { "authorization", Root } }));
        Assert.Equal(StatusCode.Unauthenticated, await ListAsync(new Metadata { { "authorization", $"Basic {Root}" } }));
        Assert.Equal(StatusCode.Unauthenticated, await ListAsync(new Metadata { { "authorization", "Bearer " } }));
        Assert.Equal(StatusCode.Unauthenticated, await ListAsync(new Metadata { { "x-api-key", Root }, { "x-api-key", Root } }));
        Assert.Equal(StatusCode.Unauthenticated, await ListAsync(new Metadata { { "x-api-key", new string('k', 5000) } }));
        Assert.Equal(StatusCode.Unauthenticated, await ListAsync(new Metadata { { "x-api-key", Root + "x" } }));
    }

    [Fact]
    public async Task Rotation_BothWorkUntilTheOldExpires()
    {
        Assert.Equal(StatusCode.OK, await ListAsync(TestKeys.Headers(Old)));
        Assert.Equal(StatusCode.Unauthenticated, await ListAsync(TestKeys.Headers(New)));

        _keys.Write(TestKeys.Entry("ingest", Old, "write", notAfter: In(hours: 1)), TestKeys.Entry("ingest", New, "write"), RootEntry);
        await Eventually.HoldsAsync(async () => await ListAsync(TestKeys.Headers(New)) == StatusCode.OK, Cancellation);
        Assert.Equal(StatusCode.OK, await ListAsync(TestKeys.Headers(Old)));

        _keys.Write(TestKeys.Entry("ingest", Old, "write", notAfter: In(hours: -1)), TestKeys.Entry("ingest", New, "write"), RootEntry);
        await Eventually.HoldsAsync(async () => await ListAsync(TestKeys.Headers(Old)) == StatusCode.Unauthenticated, Cancellation);
        Assert.Equal(StatusCode.OK, await ListAsync(TestKeys.Headers(New)));
    }

    [Fact]
    public void Find_AtTheInstantOfExpiry_IsTheLast()
    {
        DateTimeOffset notAfter = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using TestKeys keys = new(TestKeys.Entry("x", "k", "read", notAfter: notAfter));
        ReloadedFiles<KeyRing> file = ReloadedFiles<KeyRing>.Open([keys.Path], contents => KeysFile.ToRing(contents[0]));

        Assert.NotNull(new ApiKeys(file, new FixedTime(notAfter)).Find("k"));
        Assert.Null(new ApiKeys(file, new FixedTime(notAfter.AddTicks(1))).Find("k"));
        Assert.Null(new ApiKeys(file, new FixedTime(notAfter)).Find("K"));
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("{}")]
    [InlineData("{\"keys\": [{\"name\": \"x\", \"sha256\": \"12\", \"role\": \"king\", \"collections\": []}]}")]
    [InlineData("{\"keys\": [], \"more\": 1}")]
    public async Task Reload_FileThatCannotBeUsed_KeepsTheKeys(string text)
    {
        _keys.WriteText(text);
        await Eventually.HoldsAsync(() => Task.FromResult(_logs.Events.Any(logged => logged.Name == "NotReloaded")), Cancellation);
        Assert.Equal(StatusCode.OK, await ListAsync(TestKeys.Headers(Root)));

        _keys.Write(TestKeys.Entry("ingest", New, "write"), RootEntry);
        await Eventually.HoldsAsync(async () => await ListAsync(TestKeys.Headers(New)) == StatusCode.OK, Cancellation);
    }

    [Fact]
    public async Task Stream_KeyTakenAway_EndsWithTheNextMessage()
    {
        CreateCollectionRequest create = new() { Config = new CollectionConfig { Name = "c", Dimension = 2, Metric = Metric.L2 } };
        await _server.Collections.CreateCollectionAsync(create, TestKeys.Headers(Root), cancellationToken: Cancellation);
        using var stream = _server.Points.UpsertStream(TestKeys.Headers(Old), cancellationToken: Cancellation);
        UpsertRequest upsert = new() { Collection = "c", Points = { Make.Point(1, Make.Vector(1, 2)) } };
        await stream.RequestStream.WriteAsync(upsert, Cancellation);
        Assert.True(await stream.ResponseStream.MoveNext(Cancellation));

        _keys.Write(RootEntry);
        await Eventually.HoldsAsync(async () => await ListAsync(TestKeys.Headers(Old)) == StatusCode.Unauthenticated, Cancellation);
        await stream.RequestStream.WriteAsync(upsert, Cancellation);
        RpcException error = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(Cancellation));

        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
    }

    [Fact]
    public async Task Stream_MessageForAnotherCollection_EndsItAndWhatWasBeforeStands()
    {
        const string Scoped = "scoped-key";
        _keys.Write(TestKeys.Entry("scoped", Scoped, "write", "\"a\""), RootEntry);
        await Eventually.HoldsAsync(async () => await ListAsync(TestKeys.Headers(Scoped)) == StatusCode.OK, Cancellation);
        foreach (string name in new[] { "a", "b" })
        {
            CreateCollectionRequest create = new() { Config = new CollectionConfig { Name = name, Dimension = 2, Metric = Metric.L2 } };
            await _server.Collections.CreateCollectionAsync(create, TestKeys.Headers(Root), cancellationToken: Cancellation);
        }

        using var upserts = _server.Points.UpsertStream(TestKeys.Headers(Scoped), cancellationToken: Cancellation);
        await upserts.RequestStream.WriteAsync(new UpsertRequest { Collection = "a", Points = { Make.Point(1, Make.Vector(1, 2)) } }, Cancellation);
        await upserts.RequestStream.WriteAsync(new UpsertRequest { Collection = "b", Points = { Make.Point(1, Make.Vector(1, 2)) } }, Cancellation);
        Assert.True(await upserts.ResponseStream.MoveNext(Cancellation));
        RpcException write = await Assert.ThrowsAsync<RpcException>(() => upserts.ResponseStream.MoveNext(Cancellation));
        using var searches = _server.Points.SearchStream(TestKeys.Headers(Scoped), cancellationToken: Cancellation);
        await searches.RequestStream.WriteAsync(new SearchRequest { Collection = "a", Vector = Make.Vector(1, 2), K = 1 }, Cancellation);
        await searches.RequestStream.WriteAsync(new SearchRequest { Collection = "b", Vector = Make.Vector(1, 2), K = 1 }, Cancellation);
        Assert.True(await searches.ResponseStream.MoveNext(Cancellation));
        RpcException search = await Assert.ThrowsAsync<RpcException>(() => searches.ResponseStream.MoveNext(Cancellation));
        CountRequest count = new() { Collection = "b" };

        Assert.Equal(StatusCode.PermissionDenied, write.StatusCode);
        Assert.Equal(StatusCode.PermissionDenied, search.StatusCode);
        Assert.Equal(0u, (await _server.Points.CountAsync(count, TestKeys.Headers(Root), cancellationToken: Cancellation)).Count);
    }

    [Fact]
    public async Task ListCollections_ScopedKey_ListsWhatItMaySeeAndDenialsAreTheSameForTheRest()
    {
        const string Scoped = "scoped-key";
        _keys.Write(TestKeys.Entry("scoped", Scoped, "read", "\"a\", \"ab*\""), RootEntry);
        await Eventually.HoldsAsync(async () => await ListAsync(TestKeys.Headers(Scoped)) == StatusCode.OK, Cancellation);
        foreach (string name in new[] { "a", "a1", "ab", "abc", "b" })
        {
            CreateCollectionRequest create = new() { Config = new CollectionConfig { Name = name, Dimension = 2, Metric = Metric.L2 } };
            await _server.Collections.CreateCollectionAsync(create, TestKeys.Headers(Root), cancellationToken: Cancellation);
        }

        ListCollectionsResponse listed = await _server.Collections.ListCollectionsAsync(
            new ListCollectionsRequest(), TestKeys.Headers(Scoped), cancellationToken: Cancellation);
        Status there = await CountAsync("b");
        Status absent = await CountAsync("x");

        Assert.Equal(["a", "ab", "abc"], listed.Collections.Select(collection => collection.Config.Name));
        Assert.Equal(StatusCode.PermissionDenied, there.StatusCode);
        Assert.Equal(there.StatusCode, absent.StatusCode);
        Assert.Equal(there.Detail.Replace("'b'", "'x'", StringComparison.Ordinal), absent.Detail);

        async Task<Status> CountAsync(string collection)
        {
            var call = _server.Points.CountAsync(new CountRequest { Collection = collection }, TestKeys.Headers(Scoped), cancellationToken: Cancellation);
            return (await Assert.ThrowsAsync<RpcException>(async () => await call)).Status;
        }
    }

    private static DateTimeOffset In(int hours) => TimeProvider.System.GetUtcNow().AddHours(hours);

    private async Task<StatusCode> ListAsync(Metadata headers)
    {
        try
        {
            await _server.Collections.ListCollectionsAsync(new ListCollectionsRequest(), headers, cancellationToken: Cancellation);
            return StatusCode.OK;
        }
        catch (RpcException error)
        {
            return error.StatusCode;
        }
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
