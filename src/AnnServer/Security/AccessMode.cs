namespace AnnServer.Security;

/// <param name="IsOpen">Nobody is asked who they are.</param>
/// <param name="NeedsCertificate">Whoever calls must have shown a certificate, on either port.</param>
internal sealed record AccessMode(bool IsOpen, bool NeedsCertificate);
