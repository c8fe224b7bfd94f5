using System.Security.Claims;
using AnnServer.Security.Limits;
using Grpc.AspNetCore.Server;
using Grpc.Core;

namespace AnnServer.Security;

/// <summary>Who calls, and what they may do. Immutable, and one for all calls with the same key.</summary>
internal sealed class Caller : ClaimsIdentity
{
    private readonly IReadOnlyList<Grant> _grants;

    public Caller(string name, string scheme, IReadOnlyList<Grant> grants)
        : base(scheme)
    {
        Name = name;
        _grants = grants;
        Principal = new ClaimsPrincipal(this);
    }

    /// <summary>For the audit log and for errors; it is no secret.</summary>
    public override string Name { get; }

    public ClaimsPrincipal Principal { get; }

    /// <summary>Of the key; empty where the caller has none.</summary>
    public byte[] KeyHash { get; init; } = [];

    /// <summary>From then on the caller is a stranger, also on streams that are open.</summary>
    public DateTimeOffset NotAfter { get; init; } = DateTimeOffset.MaxValue;

    /// <summary>Null where the caller has those of the server.</summary>
    public OwnLimits? Limits { get; init; }

    /// <summary>The caller of an RPC; null where nobody is asked who they are.</summary>
    public static Caller? Of(ServerCallContext context) => context.GetHttpContext().User.Identity as Caller;

    public bool May(Role role, string collection)
    {
        foreach (Grant grant in _grants)
        {
            if (grant.Allows(role, collection))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>In some collection, whichever.</summary>
    public bool MaySomewhere(Role role) => _grants.Any(grant => grant.Role >= role);

    public bool MayEverywhere(Role role) => _grants.Any(grant => grant.Role >= role && grant.IsForAll);
}
