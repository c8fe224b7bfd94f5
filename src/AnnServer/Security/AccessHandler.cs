using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Authorization;

namespace AnnServer.Security;

/// <summary>
/// Lets a call pass whose caller has its role somewhere. Which collection it is about is in its messages, and asked by
/// <see cref="AccessGate"/>; this keeps those that could never pass from sending any.
/// </summary>
internal sealed class AccessHandler(AccessMode mode) : AuthorizationHandler<AccessRequirement>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, AccessRequirement requirement)
    {
        if (context.User.Identity is not Caller caller || context.Resource is not HttpContext call)
        {
            return Task.CompletedTask;
        }

        string? method = call.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName;
        if (mode.NeedsCertificate && call.Connection.ClientCertificate is null)
        {
            context.Fail(new AuthorizationFailureReason(this, Denials.NoCertificate));
        }
        else if (!RpcRules.TryGet(method, out RpcRule rule))
        {
            context.Fail(new AuthorizationFailureReason(this, $"Nobody may call {method}: it has no rule."));
        }
        else if (!(rule.Scope == RpcScope.All ? caller.MayEverywhere(rule.Role) : caller.MaySomewhere(rule.Role)))
        {
            context.Fail(new AuthorizationFailureReason(this, Denials.Of(caller, rule, null)));
        }
        else
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
