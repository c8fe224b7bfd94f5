using System.Security.Cryptography;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.FunctionalTests.Rpc.Json;
using AnnServer.Protocol.V1;
using AnnServer.Testing;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace AnnServer.FunctionalTests.Security;

/// <summary>What the log says about who did what, and what it never says.</summary>
public sealed class AuditTests : IAsyncLifetime
{
    private const string Admin = "key-of-the-admin-7f3a";
    private const string Reader = "key-of-the-reader-91bc";
    private const string Unknown = "key-that-nobody-has-55de";
    private const string Category = "AnnServer.Audit";

    private readonly TestKeys _keys = new(TestKeys.Entry("root", Admin, "admin"), TestKeys.Entry("reader", Reader, "read", "\"a\""));
    private readonly TempDirectory _directory = new();
    private readonly ServerFixture _server = new();
    private readonly AllLogs _logs = new();
    private readonly RSA _signing = RSA.Create(2048);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        string signingKeys = Path.Combine(_directory.Path, "jwks.json");
        await File.WriteAllTextAsync(signingKeys, TestToken.KeySet(_signing), Cancellation);
        _server.AlsoLog = _logs;
        _server.Settings =
        [
            .. _keys.Settings, "--Ann:JsonEnabled=true", $"--Ann:Auth:Jwt:Issuer={TestToken.Issuer}", $"--Ann:Auth:Jwt:Audience={TestToken.Audience}",
            $"--Ann:Auth:Jwt:KeysPath={signingKeys}",
            "--Logging:LogLevel:Default=Trace", "--Logging:LogLevel:Microsoft=Trace", "--Logging:LogLevel:Grpc=Trace",
        ];
        await _server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Dispose();
        _keys.Dispose();
        _signing.Dispose();
    }

    [Fact]
    public async Task Administration_IsLoggedWithItsOutcome()
    {
        CreateCollectionRequest create = new() { Config = new CollectionConfig { Name = "a", Dimension = 2, Metric = Metric.L2 } };
        await _server.Collections.CreateCollectionAsync(create, TestKeys.Headers(Admin), cancellationToken: Cancellation);
        await FailsAsync(_server.Collections.CreateCollectionAsync(create, TestKeys.Headers(Admin), cancellationToken: Cancellation));
        await _server.Points.CountAsync(new CountRequest { Collection = "a" }, TestKeys.Headers(Admin), cancellationToken: Cancellation);

        AllLogs.LoggedEvent[] events = [.. _logs.Of(Category)];
        Assert.Equal(2, events.Length);
        Assert.All(events, logged =>
        {
            Assert.Equal("Administered", logged.Name);
            Assert.Equal(LogLevel.Information, logged.Level);
            Assert.Equal("root", logged.Values["Caller"]);
            Assert.Equal("/ann.v1.Collections/CreateCollection", logged.Values["Rpc"]);
            Assert.Equal("a", logged.Values["Collection"]);
            Assert.StartsWith("127.0.0.1:", logged.Values["Peer"], StringComparison.Ordinal);
        });
        Assert.Equal(["OK", "AlreadyExists"], events.Select(logged => logged.Values["Outcome"]));
    }

    [Fact]
    public async Task CallsInJson_AreLoggedLikeThoseOfGrpc()
    {
        using JsonClient admin = new(_server.HttpAddress, Admin);
        using JsonClient stranger = new(_server.HttpAddress);

        await admin.SendAsync(HttpMethod.Delete, "/v1/collections/a", (string?)null, Cancellation);
        await stranger.SendAsync(HttpMethod.Delete, "/v1/collections/a", (string?)null, Cancellation);

        AllLogs.LoggedEvent[] events = [.. _logs.Of(Category)];
        Assert.Equal(["Administered", "Denied"], events.Select(logged => logged.Name));
        Assert.Equal(["root", "anonymous"], events.Select(logged => logged.Values["Caller"]));
        Assert.Equal(["NotFound", "Unauthenticated"], events.Select(logged => logged.Values["Outcome"]));
        Assert.Equal("a", events[0].Values["Collection"]);
        Assert.All(events, logged =>
        {
            Assert.Equal("/ann.v1.Collections/DeleteCollection", logged.Values["Rpc"]);
            Assert.StartsWith("127.0.0.1:", logged.Values["Peer"], StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Denials_AreLoggedOnceEach()
    {
        string hostile = "x\n2026 root called\r\n" + new string('y', 5000);
        await FailsAsync(_server.Points.CountAsync(new CountRequest { Collection = "a" }, cancellationToken: Cancellation));
        await FailsAsync(_server.Points.CountAsync(new CountRequest { Collection = "b" }, TestKeys.Headers(Reader), cancellationToken: Cancellation));
        await FailsAsync(_server.Admin.CheckpointAsync(new CheckpointRequest(), TestKeys.Headers(Reader), cancellationToken: Cancellation));
        await FailsAsync(_server.Points.CountAsync(new CountRequest { Collection = hostile }, TestKeys.Headers(Reader), cancellationToken: Cancellation));

        AllLogs.LoggedEvent[] events = [.. _logs.Of(Category)];
        Assert.All(events, logged => Assert.Equal(("Denied", LogLevel.Warning), (logged.Name, logged.Level)));
        Assert.Equal(["anonymous", "reader", "reader", "reader"], events.Select(logged => logged.Values["Caller"]));
        Assert.Equal(
            ["Unauthenticated", "PermissionDenied", "PermissionDenied", "PermissionDenied"], events.Select(logged => logged.Values["Outcome"]));
        Assert.Equal("b", events[1].Values["Collection"]);
        Assert.Equal("/ann.v1.Admin/Checkpoint", events[2].Values["Rpc"]);
        Assert.InRange(events[3].Text.Length, 1, 300);
        Assert.DoesNotContain('\n', events[3].Text);
    }

    [Fact]
    public async Task Secrets_AreInNoEventOfAnyLevel()
    {
        string token = TestToken.Sign(_signing, TestToken.Claims("admin"));
        string expired = TestToken.Sign(_signing, TestToken.Claims("admin", -1));
        foreach (string secret in new[] { Admin, token })
        {
            await _server.Admin.CheckpointAsync(new CheckpointRequest(), TestKeys.Headers(secret), cancellationToken: Cancellation);
            await _server.Admin.CheckpointAsync(
                new CheckpointRequest(), new Metadata { { "x-api-key", secret } }, cancellationToken: Cancellation);
        }

        foreach (string secret in new[] { Reader, Unknown, expired })
        {
            await FailsAsync(_server.Admin.CheckpointAsync(new CheckpointRequest(), TestKeys.Headers(secret), cancellationToken: Cancellation));
        }

        Assert.Contains(_logs.Events, logged => logged.Level <= LogLevel.Debug);
        Assert.Equal(7, _logs.Of(Category).Count());
        foreach (string secret in new[] { Admin, Reader, Unknown, token, expired, token.Split('.')[2], expired.Split('.')[2] })
        {
            Assert.Empty(_logs.Events.Where(logged => logged.Text.Contains(secret, StringComparison.Ordinal)).Select(logged => logged.Text));
        }
    }

    private static async Task FailsAsync<T>(AsyncUnaryCall<T> call) => await Assert.ThrowsAsync<RpcException>(async () => await call);
}
