namespace AnnServer.Hosting;

/// <summary>The settings of the section <c>Ann:HealthCheck</c>, for the command that asks a server; the server itself does not use them.</summary>
internal sealed record HealthCheckCommandOptions
{
    /// <summary>PEM: the certificate that is shown to a server which wants one, or to what stands before it.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>PEM, without a password.</summary>
    public string? KeyPath { get; init; }
}
