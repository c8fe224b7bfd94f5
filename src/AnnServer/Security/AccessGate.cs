using AnnServer.Security.Keys;
using Grpc.AspNetCore.Server;
using Grpc.Core;

namespace AnnServer.Security;

/// <summary>Decides whether a message may pass, by its caller, its RPC and the collection that it names; tells the audit log if not.</summary>
internal sealed class AccessGate(AccessMode mode, AuditLog audit, TimeProvider time, ApiKeys? keys = null)
{
    /// <exception cref="RpcException">PERMISSION_DENIED: the text is the same whether or not there is such a collection.</exception>
    public void Admit(object message, in RpcRule rule, ServerCallContext context)
    {
        if (mode.IsOpen)
        {
            return;
        }

        Check(Caller.Of(context), message, rule, context);
    }

    /// <summary>A message of a stream, during which keys expire and are taken away, and get other rights.</summary>
    /// <exception cref="RpcException">PERMISSION_DENIED, or UNAUTHENTICATED where the caller's key or token is not valid any more.</exception>
    public void AdmitNext(object message, in RpcRule rule, ServerCallContext context)
    {
        if (mode.IsOpen)
        {
            return;
        }

        Caller? caller = Caller.Of(context);
        Caller? current = caller is null || time.GetUtcNow() > caller.NotAfter ? null
            : caller.KeyHash.Length == 0 ? caller
            : keys?.Find(caller.KeyHash);
        if (current is null)
        {
            throw Refuse(caller, null, context, StatusCode.Unauthenticated, "The API key or token is not valid any more.");
        }

        Check(current, message, rule, context);
    }

    private void Check(Caller? caller, object message, in RpcRule rule, ServerCallContext context)
    {
        string? collection = rule.Scope == RpcScope.Named ? RequestCollection.Of(message) : null;
        bool may = caller is not null && rule.Scope switch
        {
            RpcScope.Named => collection is not null && caller.May(rule.Role, collection),
            RpcScope.Any => caller.MaySomewhere(rule.Role),
            _ => caller.MayEverywhere(rule.Role),
        };
        if (!may)
        {
            throw Refuse(caller, collection, context, StatusCode.PermissionDenied, Denials.Of(caller, rule, collection));
        }
    }

    private RpcException Refuse(Caller? caller, string? collection, ServerCallContext context, StatusCode code, string text)
    {
        audit.Denied(caller, context.Method, collection, context.GetHttpContext(), code);
        return new RpcException(new Status(code, text));
    }
}
