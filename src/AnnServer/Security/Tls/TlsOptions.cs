namespace AnnServer.Security.Tls;

/// <summary>The settings of the section <c>Ann:Tls</c>.</summary>
internal sealed record TlsOptions
{
    /// <summary>PEM: the certificate of the server, then those between it and its root. Without it there is no TLS.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>PEM, without a password.</summary>
    public string? KeyPath { get; init; }

    /// <summary>PEM: who signs the certificates of clients, which they have to show where this is set.</summary>
    public string? ClientCaPath { get; init; }

    internal bool IsOn => CertificatePath is not null;
}
