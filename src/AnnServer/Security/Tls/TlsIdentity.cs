using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace AnnServer.Security.Tls;

/// <summary>The certificate of the server, those between it and its root, and the authorities of its clients.</summary>
internal sealed class TlsIdentity
{
    private readonly SslStreamCertificateContext _certificate;
    private readonly X509Certificate2Collection? _clientAuthorities;

    private TlsIdentity(SslStreamCertificateContext certificate, X509Certificate2Collection? clientAuthorities)
    {
        _certificate = certificate;
        _clientAuthorities = clientAuthorities;
    }

    /// <param name="contents">Certificate and key, and the authorities of clients where they have to show a certificate; all in PEM.</param>
    /// <exception cref="InvalidDataException">They cannot be used.</exception>
    public static TlsIdentity Load(IReadOnlyList<byte[]> contents)
    {
        try
        {
            string chain = Encoding.UTF8.GetString(contents[0]);
            X509Certificate2 certificate = X509Certificate2.CreateFromPem(chain, Encoding.UTF8.GetString(contents[1]));
            X509Certificate2Collection between = [];
            between.ImportFromPem(chain);
            X509Certificate2Collection? authorities = contents.Count > 2 ? Authorities(contents[2]) : null;
            return new TlsIdentity(SslStreamCertificateContext.Create(certificate, between, offline: true), authorities);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or NotSupportedException)
        {
            throw new InvalidDataException($"no certificate with its key, in PEM and without a password: {e.Message}", e);
        }
    }

    /// <summary>For one connection.</summary>
    /// <param name="demand">Where there are authorities of clients: without a certificate there is no connection.</param>
    public SslServerAuthenticationOptions ForConnection(bool demand)
    {
        SslServerAuthenticationOptions options = new()
        {
            ServerCertificateContext = _certificate,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        };
        if (_clientAuthorities is null)
        {
            return options;
        }

        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            // Authorities of one's own seldom publish what they have revoked; certificates that live shortly take its place.
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.AddRange(_clientAuthorities);
        options.CertificateChainPolicy = policy;
        options.ClientCertificateRequired = true;
        options.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            certificate is null ? !demand : errors == SslPolicyErrors.None;
        return options;
    }

    private static X509Certificate2Collection Authorities(byte[] pem)
    {
        X509Certificate2Collection authorities = [];
        authorities.ImportFromPem(Encoding.UTF8.GetString(pem));
        return authorities.Count > 0 ? authorities : throw new InvalidDataException("the file for the authorities of clients has no certificate");
    }
}
