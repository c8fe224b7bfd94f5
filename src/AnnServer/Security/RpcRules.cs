using System.Collections.Frozen;

namespace AnnServer.Security;

/// <summary>The rule of every RPC of ann.v1. One that is not here cannot be called.</summary>
internal static class RpcRules
{
    private const string Package = "/ann.v1.";

    /// <summary>What is neither of ann.v1 nor open: reflection that is closed, metrics that are protected.</summary>
    public static readonly RpcRule Other = new(Role.Read, RpcScope.Any);

    private static readonly FrozenDictionary<string, RpcRule> Rules = new Dictionary<string, RpcRule>
    {
        ["/ann.v1.Points/Upsert"] = new(Role.Write, RpcScope.Named),
        ["/ann.v1.Points/UpsertStream"] = new(Role.Write, RpcScope.Named),
        ["/ann.v1.Points/Delete"] = new(Role.Write, RpcScope.Named),
        ["/ann.v1.Points/UpdateAttributes"] = new(Role.Write, RpcScope.Named),
        ["/ann.v1.Points/Get"] = new(Role.Read, RpcScope.Named),
        ["/ann.v1.Points/Count"] = new(Role.Read, RpcScope.Named),
        ["/ann.v1.Points/Scroll"] = new(Role.Read, RpcScope.Named),
        ["/ann.v1.Points/Facets"] = new(Role.Read, RpcScope.Named),
        ["/ann.v1.Points/Sample"] = new(Role.Read, RpcScope.Named),
        ["/ann.v1.Points/Search"] = new(Role.Read, RpcScope.Named),
        ["/ann.v1.Points/SearchBatch"] = new(Role.Read, RpcScope.Named),
        ["/ann.v1.Points/SearchStream"] = new(Role.Read, RpcScope.Named),
        ["/ann.v1.Collections/GetCollection"] = new(Role.Read, RpcScope.Named),
        ["/ann.v1.Collections/ListCollections"] = new(Role.Read, RpcScope.Any),
        ["/ann.v1.Collections/CreateCollection"] = new(Role.Admin, RpcScope.Named),
        ["/ann.v1.Collections/UpdateCollection"] = new(Role.Admin, RpcScope.Named),
        ["/ann.v1.Collections/DeleteCollection"] = new(Role.Admin, RpcScope.Named),
        ["/ann.v1.Admin/AuditGraph"] = new(Role.Admin, RpcScope.Named),
        ["/ann.v1.Admin/Checkpoint"] = new(Role.Admin, RpcScope.All),
        ["/ann.v1.Admin/Backup"] = new(Role.Admin, RpcScope.All),
        ["/ann.v1.Admin/Restore"] = new(Role.Admin, RpcScope.All),
        // It lists all collections.
        ["/ann.v1.Admin/GetStats"] = new(Role.Admin, RpcScope.All),
    }.ToFrozenDictionary();

    public static bool IsOurs(string? method) => method?.StartsWith(Package, StringComparison.Ordinal) == true;

    /// <param name="method">With its service, as in <c>/ann.v1.Points/Search</c>; null for what is no RPC.</param>
    /// <returns>False for an RPC of ann.v1 that has no rule.</returns>
    public static bool TryGet(string? method, out RpcRule rule)
    {
        if (!IsOurs(method))
        {
            rule = Other;
            return true;
        }

        return Rules.TryGetValue(method!, out rule);
    }
}
