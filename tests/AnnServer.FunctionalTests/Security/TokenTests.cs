using System.Security.Cryptography;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Hosting;
using AnnServer.Protocol.V1;
using AnnServer.Testing;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace AnnServer.FunctionalTests.Security;

/// <summary>JSON Web Tokens: those that are taken, and each way in which one can be wrong.</summary>
public sealed class TokenTests : IAsyncLifetime
{
    private readonly RSA _key = RSA.Create(2048);
    private readonly TempDirectory _directory = new();
    private readonly ServerFixture _server = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string KeysPath => Path.Combine(_directory.Path, "signing-keys");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(_server.Log.TakeErrors());
        await _server.DisposeAsync();
        _directory.Dispose();
        _key.Dispose();
    }

    [Fact]
    public async Task Call_RolesOfTheToken_SayWhatItMay()
    {
        await StartAsync(TestToken.KeySet(_key));

        Assert.Equal(StatusCode.NotFound, await CountAsync(TestToken.Sign(_key, TestToken.Claims("read")), "docs"));
        Assert.Equal(StatusCode.NotFound, await CountAsync(TestToken.Sign(_key, TestToken.Claims(new[] { "billing", "admin" })), "docs"));
        Assert.Equal(StatusCode.NotFound, await CountAsync(TestToken.Sign(_key, TestToken.Claims("openid write:do*")), "docs"));
        Assert.Equal(StatusCode.PermissionDenied, await CountAsync(TestToken.Sign(_key, TestToken.Claims("write:do*")), "logs"));
        Assert.Equal(StatusCode.PermissionDenied, await CountAsync(TestToken.Sign(_key, TestToken.Claims("reader read: read:a*b king")), "docs"));
        Assert.Equal(StatusCode.PermissionDenied, await CountAsync(TestToken.Sign(_key, TestToken.Claims(1)), "docs"));
    }

    [Fact]
    public async Task Call_TokenThatIsWrong_IsUnauthenticated()
    {
        await StartAsync(TestToken.KeySet(_key));
        using RSA other = RSA.Create(2048);
        Dictionary<string, object> timeless = TestToken.Claims("admin");
        timeless.Remove("exp");
        string good = TestToken.Sign(_key, TestToken.Claims("admin"));
        Dictionary<string, string> wrong = new()
        {
            ["expired"] = TestToken.Sign(_key, TestToken.Claims("admin", expiresInHours: -1)),
            ["without an end"] = TestToken.Sign(_key, timeless),
            ["not yet valid"] = TestToken.Sign(_key, With("nbf", TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds())),
            ["for somebody else"] = TestToken.Sign(_key, With("aud", "billing")),
            ["of another issuer"] = TestToken.Sign(_key, With("iss", "https://elsewhere.test")),
            ["of another key"] = TestToken.Sign(other, TestToken.Claims("admin")),
            ["unsigned"] = TestToken.Unsigned(TestToken.Claims("admin")),
            ["unsigned in capitals"] = TestToken.Unsigned(TestToken.Claims("admin"), "NONE"),
            ["signed with nothing"] = TestToken.Unsigned(TestToken.Claims("admin"), "RS256"),
            ["signed with the public key as a secret"] =
                TestToken.Sign(System.Text.Encoding.ASCII.GetBytes(_key.ExportSubjectPublicKeyInfoPem()), TestToken.Claims("admin")),
            ["of an algorithm that is not pinned"] = TestToken.Sign(_key, TestToken.Claims("admin"), "RS384"),
            ["cut"] = good[..^4],
            ["changed"] = good.Replace('.', 'x'),
            ["empty"] = "..",
        };

        Assert.Equal(StatusCode.NotFound, await CountAsync(good, "docs"));
        foreach ((string what, string token) in wrong)
        {
            StatusCode code = await CountAsync(token, "docs");
            Assert.True(code == StatusCode.Unauthenticated, $"{what}: {code}");
        }

        static Dictionary<string, object> With(string claim, object value)
        {
            Dictionary<string, object> claims = TestToken.Claims("admin");
            claims[claim] = value;
            return claims;
        }
    }

    [Fact]
    public async Task Call_KeysInPem_AreTakenAndReplaced()
    {
        using ECDsa curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa next = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await StartAsync(_key.ExportSubjectPublicKeyInfoPem() + "\n" + curve.ExportSubjectPublicKeyInfoPem());

        Assert.Equal(StatusCode.NotFound, await CountAsync(TestToken.Sign(_key, TestToken.Claims("read")), "docs"));
        Assert.Equal(StatusCode.NotFound, await CountAsync(TestToken.Sign(curve, TestToken.Claims("read")), "docs"));

        await File.WriteAllTextAsync(KeysPath, next.ExportSubjectPublicKeyInfoPem(), Cancellation);
        await Eventually.HoldsAsync(
            async () => await CountAsync(TestToken.Sign(next, TestToken.Claims("read")), "docs") == StatusCode.NotFound, Cancellation);
        Assert.Equal(StatusCode.Unauthenticated, await CountAsync(TestToken.Sign(curve, TestToken.Claims("read")), "docs"));
    }

    [Fact]
    public async Task Call_SymmetricKey_IsTakenOnlyWhereItsAlgorithmIsNamed()
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        await File.WriteAllTextAsync(KeysPath, TestToken.KeySet(secret), Cancellation);
        SettingsException refused = Assert.Throws<SettingsException>(() => ServerHost.Build([.. Settings()]));
        await StartAsync(TestToken.KeySet(secret), "--Ann:Auth:Jwt:Algorithms=HS256");

        Assert.Contains("holds no key that can be used", Assert.Single(refused.Faults), StringComparison.Ordinal);
        Assert.Equal(StatusCode.NotFound, await CountAsync(TestToken.Sign(secret, TestToken.Claims("read")), "docs"));
        Assert.Equal(StatusCode.Unauthenticated, await CountAsync(TestToken.Unsigned(TestToken.Claims("read")), "docs"));
    }

    [Fact]
    public async Task Call_KeysBesideTokens_BothAreTaken()
    {
        using TestKeys keys = new(TestKeys.Entry("ingest", "a-key", "read"));
        await StartAsync(TestToken.KeySet(_key), [.. keys.Settings]);

        Assert.Equal(StatusCode.NotFound, await CountAsync("a-key", "docs"));
        Assert.Equal(StatusCode.NotFound, await CountAsync(TestToken.Sign(_key, TestToken.Claims("read")), "docs"));
        Assert.Equal(StatusCode.Unauthenticated, await CountAsync("b-key", "docs"));
        Assert.Equal(StatusCode.Unauthenticated, await CountAsync(TestToken.Sign(_key, TestToken.Claims("read", -1)), "docs"));
    }

    [Fact]
    public async Task Call_KeysFromAnAuthority_AreDiscovered()
    {
        await using WebApplication authority = WebApplication.CreateSlimBuilder().Build();
        authority.Urls.Add("http://127.0.0.1:0");
        authority.MapGet("/.well-known/openid-configuration", (HttpRequest request) => Results.Content(
            $"{{\"issuer\": \"{TestToken.Issuer}\", \"jwks_uri\": \"http://{request.Host}/jwks\"}}", "application/json"));
        authority.MapGet("/jwks", () => Results.Content(TestToken.KeySet(_key), "application/json"));
        await authority.StartAsync(Cancellation);
        _server.Settings =
        [
            $"--Ann:Auth:Jwt:Issuer={TestToken.Issuer}", $"--Ann:Auth:Jwt:Audience={TestToken.Audience}",
            $"--Ann:Auth:Jwt:Authority={authority.Urls.Single()}",
        ];
        await _server.StartAsync();
        using RSA other = RSA.Create(2048);

        Assert.Equal(StatusCode.NotFound, await CountAsync(TestToken.Sign(_key, TestToken.Claims("read")), "docs"));
        Assert.Equal(StatusCode.Unauthenticated, await CountAsync(TestToken.Sign(other, TestToken.Claims("read")), "docs"));
    }

    private IEnumerable<string> Settings() =>
    [
        $"--Ann:Auth:Jwt:Issuer={TestToken.Issuer}", $"--Ann:Auth:Jwt:Audience={TestToken.Audience}", $"--Ann:Auth:Jwt:KeysPath={KeysPath}",
        "--Ann:ReloadInterval=00:00:00.1",
    ];

    private async Task StartAsync(string signingKeys, params string[] settings)
    {
        await File.WriteAllTextAsync(KeysPath, signingKeys, Cancellation);
        _server.Settings = [.. Settings(), .. settings];
        await _server.StartAsync();
    }

    // There is no such collection, which only those learn who may see it.
    private async Task<StatusCode> CountAsync(string credentials, string collection)
    {
        var call = _server.Points.CountAsync(
            new CountRequest { Collection = collection }, TestKeys.Headers(credentials), cancellationToken: Cancellation);
        return (await Assert.ThrowsAsync<RpcException>(async () => await call)).StatusCode;
    }
}
