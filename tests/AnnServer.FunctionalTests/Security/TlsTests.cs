using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Hosting;
using AnnServer.LoadGen.Commands;
using AnnServer.Protocol.V1;
using AnnServer.Testing;
using Grpc.Core;
using Grpc.Net.Client;

namespace AnnServer.FunctionalTests.Security;

/// <summary>TLS on both ports, client certificates, and a certificate that takes the place of another.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private readonly TempDirectory _directory = new();
    private readonly TestAuthority _authority = new("authority");
    private readonly TestAuthority _stranger = new("stranger");
    private readonly ServerFixture _server = new();
    private readonly AllLogs _logs = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        Write(_authority.Issue("first"));
        File.WriteAllText(InDirectory("ca.pem"), _authority.Pem);
        _server.AlsoLog = _logs;
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(_server.Log.TakeErrors());
        await _server.DisposeAsync();
        _directory.Dispose();
        _authority.Dispose();
        _stranger.Dispose();
    }

    [Fact]
    public async Task Call_OverTls_IsServedToWhoeverTrustsTheAuthority()
    {
        await StartAsync();

        Assert.Equal("https", _server.GrpcAddress.Scheme);
        Assert.Equal("https", _server.HttpAddress.Scheme);
        Assert.Equal(StatusCode.OK, await ListAsync(_authority));
        Assert.NotEqual(StatusCode.OK, await ListAsync(_stranger));
        using HttpClient http = new(Handler(_authority, null));
        Assert.Equal("ready\n", await http.GetStringAsync(new Uri(_server.HttpAddress, "/readyz"), Cancellation));
    }

    [Fact]
    public async Task Call_Plaintext_IsNotServed()
    {
        await StartAsync();
        using GrpcChannel channel = GrpcChannel.ForAddress($"http://127.0.0.1:{_server.GrpcAddress.Port}");
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{_server.HttpAddress.Port}") };

        RpcException error = await Assert.ThrowsAsync<RpcException>(async () =>
            await new Collections.CollectionsClient(channel).ListCollectionsAsync(new ListCollectionsRequest(), cancellationToken: Cancellation));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetStringAsync(new Uri("/healthz", UriKind.Relative), Cancellation));

        Assert.Contains(error.StatusCode, new[] { StatusCode.Unavailable, StatusCode.Internal });
        Assert.Equal(StatusCode.OK, await ListAsync(_authority));
    }

    [Fact]
    public async Task Call_ClientAuthoritySet_TakesACertificateOfItAndNoOther()
    {
        await StartAsync($"--Ann:Tls:ClientCaPath={InDirectory("ca.pem")}");

        Assert.Equal(StatusCode.OK, await ListAsync(_authority, _authority.Issue("client")));
        Assert.NotEqual(StatusCode.OK, await ListAsync(_authority));
        Assert.NotEqual(StatusCode.OK, await ListAsync(_authority, _stranger.Issue("client")));
        Assert.Equal(StatusCode.OK, await ListAsync(_authority, _authority.Issue("another")));
    }

    [Fact]
    public async Task Http_ClientAuthoritySet_HealthIsOpenAndTheRestIsNot()
    {
        await StartAsync($"--Ann:Tls:ClientCaPath={InDirectory("ca.pem")}", "--Ann:Auth:ProtectMetrics=true");
        using HttpClient without = new(Handler(_authority, null)) { BaseAddress = _server.HttpAddress };
        using HttpClient with = new(Handler(_authority, _authority.Issue("client"))) { BaseAddress = _server.HttpAddress };
        using HttpClient wrong = new(Handler(_authority, _stranger.Issue("client"))) { BaseAddress = _server.HttpAddress };

        Assert.Equal(HttpStatusCode.OK, await GetAsync(without, "/readyz"));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(without, "/metrics"));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(with, "/metrics"));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => GetAsync(wrong, "/readyz"));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Json_OverTls_IsServedInBothVersionsToACertificate(string version)
    {
        await StartAsync($"--Ann:Tls:ClientCaPath={InDirectory("ca.pem")}", "--Ann:JsonEnabled=true");
        using HttpClient without = Versioned(null);
        using HttpClient with = Versioned(_authority.Issue("client"));

        Assert.Equal(HttpStatusCode.OK, await GetAsync(with, "/v1/collections"));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(without, "/v1/collections"));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(without, "/metrics"));

        HttpClient Versioned(X509Certificate2? client) => new(Handler(_authority, client))
        {
            BaseAddress = _server.HttpAddress,
            DefaultRequestVersion = Version.Parse(version),
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    [Fact]
    public async Task Call_RateLimited_IsSoByTheSubjectOfItsCertificate()
    {
        await StartAsync($"--Ann:Tls:ClientCaPath={InDirectory("ca.pem")}", "--Ann:RequestsPerSecondPerCaller=0.001");

        Assert.Equal(StatusCode.OK, await ListAsync(_authority, _authority.Issue("client")));
        Assert.Equal(StatusCode.ResourceExhausted, await ListAsync(_authority, _authority.Issue("client")));
        Assert.Equal(StatusCode.OK, await ListAsync(_authority, _authority.Issue("another")));
    }

    [Fact]
    public async Task HealthCheck_ClientAuthoritySet_ShowsItsCertificate()
    {
        await StartAsync($"--Ann:Tls:ClientCaPath={InDirectory("ca.pem")}");
        WriteClient("good", _authority.Issue("client"));
        WriteClient("bad", _stranger.Issue("client"));

        Assert.Null(await CheckAsync());
        Assert.Null(await CheckAsync("good"));
        // One that is not taken tells that it was shown.
        Assert.Contains("cannot be asked", await CheckAsync("bad"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoadGen_TlsCertificateAndKey_ReachesTheServer()
    {
        using TestKeys keys = new(TestKeys.Entry("x", "a-key", "admin"));
        await StartAsync([$"--Ann:Tls:ClientCaPath={InDirectory("ca.pem")}", .. keys.Settings]);
        WriteClient("good", _authority.Issue("client"));
        await File.WriteAllTextAsync(InDirectory("key"), "a-key\n", Cancellation);
        await File.WriteAllTextAsync(InDirectory("wrong"), "b-key\n", Cancellation);
        await File.WriteAllTextAsync(InDirectory("empty"), " \n", Cancellation);
        string[] trust = ["--ca", InDirectory("ca.pem")];
        string[] certificate = ["--cert", InDirectory("good.pem"), "--cert-key", InDirectory("good.key")];

        Assert.Equal((0, ""), await StatsAsync([.. trust, .. certificate, "--api-key-file", InDirectory("key")]));
        Assert.Contains("Unauthenticated", (await StatsAsync([.. trust, .. certificate, "--api-key-file", InDirectory("wrong")])).Errors, StringComparison.Ordinal);
        Assert.Contains("Unauthenticated", (await StatsAsync([.. trust, .. certificate])).Errors, StringComparison.Ordinal);
        Assert.Equal(1, (await StatsAsync([.. trust, "--api-key-file", InDirectory("key")])).Code);
        Assert.Equal(1, (await StatsAsync([.. certificate, "--api-key-file", InDirectory("key")])).Code);
        Assert.Equal((1, $"{InDirectory("empty")} holds no key or token.\n"), await StatsAsync([.. trust, "--api-key-file", InDirectory("empty")]));
        Assert.Equal((1, $"{InDirectory("key")} holds no certificates in PEM.\n"), await StatsAsync(["--ca", InDirectory("key")]));
        Assert.NotEqual(0, (await StatsAsync([.. trust, "--cert", InDirectory("good.pem")])).Code);
        Assert.Contains("begin with https", (await StatsAsync([.. trust, "--address", "http://127.0.0.1:1"])).Errors, StringComparison.Ordinal);
        try
        {
            Environment.SetEnvironmentVariable(AccessOptions.KeyVariable, "a-key");
            Assert.Equal((0, ""), await StatsAsync([.. trust, .. certificate]));
            Assert.Contains(
                "Unauthenticated", (await StatsAsync([.. trust, .. certificate, "--token-file", InDirectory("wrong")])).Errors, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(AccessOptions.KeyVariable, null);
        }
    }

    [Fact]
    public async Task Call_KeysBesideClientCertificates_BothAreNeeded()
    {
        using TestKeys keys = new(TestKeys.Entry("x", "a-key", "read"));
        await StartAsync([$"--Ann:Tls:ClientCaPath={InDirectory("ca.pem")}", "--Ann:Auth:ProtectMetrics=true", .. keys.Settings]);
        using HttpClient http = new(Handler(_authority, null)) { BaseAddress = _server.HttpAddress };
        http.DefaultRequestHeaders.Add("x-api-key", "a-key");

        Assert.Equal(StatusCode.OK, await ListAsync(_authority, _authority.Issue("client"), "a-key"));
        Assert.Equal(StatusCode.Unauthenticated, await ListAsync(_authority, _authority.Issue("client")));
        Assert.Equal(HttpStatusCode.Forbidden, await GetAsync(http, "/metrics"));
    }

    [Fact]
    public async Task Reload_NewCertificate_IsServedWithoutARestartAndABadOneIsNot()
    {
        await StartAsync();
        Assert.Equal("CN=first", await ServedAsync());

        // A key that belongs to another certificate.
        using X509Certificate2 odd = _authority.Issue("odd");
        await File.WriteAllTextAsync(InDirectory("key.pem"), odd.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), Cancellation);
        await Eventually.HoldsAsync(() => Task.FromResult(_logs.Events.Any(logged => logged.Name == "NotReloaded")), Cancellation);
        Assert.Equal("CN=first", await ServedAsync());

        Write(_authority.Issue("second"));
        await Eventually.HoldsAsync(async () => await ServedAsync() == "CN=second", Cancellation);
        Assert.Equal(StatusCode.OK, await ListAsync(_authority));
    }

    private static SocketsHttpHandler Handler(TestAuthority trusted, X509Certificate2? client)
    {
        SocketsHttpHandler handler = new() { SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = Trust(trusted) } };
        if (client is not null)
        {
            handler.SslOptions.ClientCertificates = [client];
        }

        return handler;
    }

    private static X509ChainPolicy Trust(TestAuthority trusted)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(trusted.Certificate);
        return policy;
    }

    private static async Task<HttpStatusCode> GetAsync(HttpClient http, string path)
    {
        using HttpResponseMessage response = await http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        return response.StatusCode;
    }

    private string InDirectory(string file) => Path.Combine(_directory.Path, file);

    private void Write(X509Certificate2 certificate)
    {
        File.WriteAllText(InDirectory("key.pem"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(InDirectory("certificate.pem"), certificate.ExportCertificatePem());
        certificate.Dispose();
    }

    private void WriteClient(string name, X509Certificate2 certificate)
    {
        File.WriteAllText(InDirectory($"{name}.key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(InDirectory($"{name}.pem"), certificate.ExportCertificatePem());
        certificate.Dispose();
    }

    private Task<string?> CheckAsync(string? client = null) => HealthCheckCommand.RunAsync(
        [
            HealthCheckCommand.Name, $"--Ann:HttpPort={_server.HttpAddress.Port}", $"--Ann:Tls:CertificatePath={InDirectory("certificate.pem")}",
            $"--Ann:Tls:KeyPath={InDirectory("key.pem")}",
            .. client is null
                ? Array.Empty<string>()
                : [$"--Ann:HealthCheck:CertificatePath={InDirectory($"{client}.pem")}", $"--Ann:HealthCheck:KeyPath={InDirectory($"{client}.key")}"],
        ],
        Cancellation);

    private async Task<(int Code, string Errors)> StatsAsync(string[] access)
    {
        await using StringWriter errors = new();
        int code = await LoadGenCommands.RunAsync(["stats", .. access.Contains("--address") ? [] : new[] { "--address", $"https://127.0.0.1:{_server.GrpcAddress.Port}" }, .. access], errors, Cancellation);
        return (code, errors.ToString());
    }

    private async Task StartAsync(params string[] settings)
    {
        _server.Settings =
        [
            $"--Ann:Tls:CertificatePath={InDirectory("certificate.pem")}", $"--Ann:Tls:KeyPath={InDirectory("key.pem")}",
            "--Ann:ReloadInterval=00:00:00.1", .. settings,
        ];
        await _server.StartAsync();
    }

    private async Task<StatusCode> ListAsync(TestAuthority trusted, X509Certificate2? client = null, string? key = null)
    {
        using GrpcChannel channel = GrpcChannel.ForAddress(
            _server.GrpcAddress, new GrpcChannelOptions { HttpHandler = Handler(trusted, client), DisposeHttpClient = true });
        try
        {
            await new Collections.CollectionsClient(channel).ListCollectionsAsync(
                new ListCollectionsRequest(), key is null ? [] : TestKeys.Headers(key), cancellationToken: Cancellation);
            return StatusCode.OK;
        }
        catch (RpcException error)
        {
            return error.StatusCode;
        }
    }

    // The subject of the certificate that a new connection is shown.
    private async Task<string?> ServedAsync()
    {
        using TcpClient tcp = new();
        await tcp.ConnectAsync(IPAddress.Loopback, _server.GrpcAddress.Port, Cancellation);
        await using SslStream tls = new(tcp.GetStream(), leaveInnerStreamOpen: false);
        SslClientAuthenticationOptions options = new()
        {
            TargetHost = "localhost",
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            CertificateChainPolicy = Trust(_authority),
        };
        await tls.AuthenticateAsClientAsync(options, Cancellation);
        return tls.RemoteCertificate?.Subject;
    }
}
