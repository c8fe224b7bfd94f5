using AnnServer.Rpc.Json;
using AnnServer.Security.Keys;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;

namespace AnnServer.Security;

/// <summary>Answers who is turned away before a message is read: with a status of gRPC where that is spoken, else with one of HTTP.</summary>
internal sealed class AccessResultHandler(AccessMode mode, AuditLog audit) : IAuthorizationMiddlewareResultHandler
{
    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded)
        {
            return next(context);
        }

        bool stranger = authorizeResult.Challenged;
        StatusCode code = stranger ? StatusCode.Unauthenticated : StatusCode.PermissionDenied;
        string called = context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName ?? AuditLog.Printable(context.Request.Path);
        audit.Denied(context.User.Identity as Caller, called, null, context, code);
        return AnswerAsync(context, code, stranger ? Reason(context) : Reason(authorizeResult));
    }

    // Which of a key's or token's faults it was is for its owner to find out: a stranger learns nothing.
    private string Reason(HttpContext context) =>
        mode.NeedsCertificate && context.Connection.ClientCertificate is null ? Denials.NoCertificate
        : Credentials.Of(context.Request) is not null ? Denials.BadCredentials
        : Denials.NoCredentials;

    private static string Reason(PolicyAuthorizationResult result) =>
        result.AuthorizationFailure?.FailureReasons.FirstOrDefault()?.Message ?? "This call is not allowed.";

    private static Task AnswerAsync(HttpContext context, StatusCode code, string text)
    {
        HttpResponse response = context.Response;
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true)
        {
            // A response of nothing but trailers, which HTTP has in its headers.
            response.StatusCode = StatusCodes.Status200OK;
            response.ContentType = "application/grpc";
            response.Headers["grpc-status"] = ((int)code).ToString();
            response.Headers["grpc-message"] = Uri.EscapeDataString(text);
            return Task.CompletedTask;
        }

        if (code == StatusCode.Unauthenticated)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        if (context.IsJson())
        {
            return JsonAnswer.WriteErrorAsync(context, new RpcException(new Status(code, text)));
        }

        response.StatusCode = JsonAnswer.ToHttp(code);
        response.ContentType = "text/plain; charset=utf-8";
        return response.WriteAsync($"{text}\n", context.RequestAborted);
    }
}
