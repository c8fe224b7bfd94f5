using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

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
        ServerOptions options = ServerOptionsReader.Read(SettingsSources.Of(args[1..]).Read(), out _);
        Uri address = Address(options);
        using X509Certificate2? certificate = Certificate(options.HealthCheck);
        // A proxy of the environment has nothing to do with the server beside this process.
        using HttpClient http = new(new SocketsHttpHandler { UseProxy = false, SslOptions = Tls(certificate) }) { Timeout = Patience };
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
    private static SslClientAuthenticationOptions Tls(X509Certificate2? certificate) => new()
    {
        RemoteCertificateValidationCallback = static (_, shown, _, _) => shown is not null,
        ClientCertificates = certificate is null ? null : [certificate],
    };

    private static X509Certificate2? Certificate(HealthCheckCommandOptions options)
    {
        if (options.CertificatePath is null)
        {
            return null;
        }

        try
        {
            return X509Certificate2.CreateFromPemFile(options.CertificatePath, options.KeyPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new SettingsException(
                [$"Ann:HealthCheck ({options.CertificatePath}, {options.KeyPath}): no certificate with its key, in PEM and without a password: {e.Message}"]);
        }
    }

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
