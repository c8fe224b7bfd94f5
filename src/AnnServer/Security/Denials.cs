namespace AnnServer.Security;

/// <summary>What those who are turned away are told. Nothing of it depends on which collections there are.</summary>
internal static class Denials
{
    public const string NoCredentials =
        "This call needs an API key or a token, in 'authorization: Bearer ...' or 'x-api-key'.";

    public const string BadCredentials = "The API key or token is not valid.";

    public const string NoCertificate = "This call needs a client certificate.";

    public static string Of(Caller? caller, in RpcRule rule, string? collection)
    {
        string role = Name(rule.Role);
        string who = AuditLog.Printable(caller?.Name ?? AuditLog.Nobody);
        return rule.Scope switch
        {
            RpcScope.Named when collection is not null =>
                $"'{who}' does not have the role '{role}' in the collection '{AuditLog.Printable(collection)}'.",
            RpcScope.All => $"'{who}' does not have the role '{role}' in all collections, which this call needs.",
            _ => $"'{who}' does not have the role '{role}', which this call needs.",
        };
    }

    private static string Name(Role role) => role switch
    {
        Role.Read => "read",
        Role.Write => "write",
        _ => "admin",
    };
}
