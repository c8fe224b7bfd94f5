using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace AnnServer.LoadGen.Load;

/// <summary>What a server is told and shown that speaks TLS or asks who calls.</summary>
internal sealed record ServerAccess
{
    public static readonly ServerAccess Open = new();

    /// <summary>Who may have signed the server's certificate; null for those the system trusts.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Of the client, with its key.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>An API key or a token.</summary>
    public string? Credentials { get; init; }

    /// <summary>For one connection.</summary>
    public HttpMessageHandler CreateHandler()
    {
        SocketsHttpHandler handler = new()
        {
            EnableMultipleHttp2Connections = false,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = Authorities is null ? null : Trust(Authorities),
                ClientCertificates = Certificate is null ? null : [Certificate],
            },
        };
        return Credentials is null ? handler : new BearerHandler(new AuthenticationHeaderValue("Bearer", Credentials), handler);
    }

    private static X509ChainPolicy Trust(X509Certificate2Collection authorities)
    {
        // Authorities of one's own seldom publish what they have revoked.
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    private sealed class BearerHandler(AuthenticationHeaderValue credentials, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Authorization = credentials;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
