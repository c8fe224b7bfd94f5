using System.Net;
using System.Net.Security;

namespace AnnServer.Hosting;

/// <summary>
/// <c>AnnServer healthcheck</c>: asks the server that runs with these settings whether it is ready, for images without a shell or curl.
/// </summary>
internal static class HealthCheckCommand
{
    public const string Name = "healthcheck";

    // Less than the five seconds after which those who ask give up themselves, so that they hear why.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    /// <returns>Why the server is not ready, or null.</returns>
    /// <exception cref="SettingsException">Some value is not allowed.</exception>
    public static async Task<string?> RunAsync(string[] args, CancellationToken cancellation)
    {
        // A host is not built for this: it would take longer than everything else here.
        string environment = Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT")
            ?? Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT")
            ?? Environments.Production;
        IConfiguration configuration = new ConfigurationBuilder()
            .SetBasePath(AppContext.BaseDirectory)
            .AddJsonFile("appsettings.json", optional: true)
            .AddJsonFile($"appsettings.{environment}.json", optional: true)
            .AddEnvironmentVariables()
            .AddCommandLine(args[1..])
            .Build();
        Uri address = Address(ServerOptionsReader.Read(configuration, out _));
        // A proxy of the environment has nothing to do with the server beside this process.
        using HttpClient http = new(new SocketsHttpHandler { UseProxy = false, SslOptions = Trusting }) { Timeout = Patience };
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(address, cancellation);
            return answer.StatusCode == HttpStatusCode.OK
                ? null
                : $"{address} answers {(int)answer.StatusCode}: {(await answer.Content.ReadAsStringAsync(cancellation)).TrimEnd()}";
        }
        catch (HttpRequestException e)
        {
            return $"{address} cannot be asked: {e.Message}";
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"{address} has not answered within {Patience.TotalSeconds} s.";
        }
    }

    // It asks the server beside it, by an address that no certificate names, for something that is no secret.
    private static SslClientAuthenticationOptions Trusting => new() { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null };

    private static Uri Address(ServerOptions options)
    {
        if (options.HttpPort == 0)
        {
            throw new SettingsException(["Ann:HttpPort is 0; allowed for a health check: the port that the server has taken."]);
        }

        // What listens on every address is asked over the loopback.
        IPAddress address = options.ListenAddress.Equals(IPAddress.Any) ? IPAddress.Loopback
            : options.ListenAddress.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
            : options.ListenAddress;
        return new UriBuilder(options.Tls.CertificatePath is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps, address.ToString(), options.HttpPort, "/readyz").Uri;
    }
}
