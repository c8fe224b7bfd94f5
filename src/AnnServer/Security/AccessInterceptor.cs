using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace AnnServer.Security;

/// <summary>
/// Where every message of ann.v1 is seen, whatever it travelled as: nothing reaches a service that <see cref="AccessGate"/> does not admit,
/// and administrative calls are told to the audit log with their outcome.
/// </summary>
internal sealed class AccessInterceptor(AccessGate gate, AuditLog audit) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        RpcRule rule = RuleOf(context);
        gate.Admit(request, rule, context);
        return rule.Role == Role.Admin ? AuditedAsync(request, context, continuation) : continuation(request, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        gate.Admit(request, RuleOf(context), context);
        return continuation(request, responseStream, context);
    }

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(Read(requestStream, context), context);

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(Read(requestStream, context), responseStream, context);

    private AdmittedReader<TRequest> Read<TRequest>(IAsyncStreamReader<TRequest> messages, ServerCallContext context)
        where TRequest : class
    {
        RpcRule rule = RuleOf(context);
        return new AdmittedReader<TRequest>(messages, message => gate.AdmitNext(message, rule, context));
    }

    private static RpcRule RuleOf(ServerCallContext context) => RpcRules.TryGet(context.Method, out RpcRule rule)
        ? rule
        : throw new RpcException(new Status(StatusCode.PermissionDenied, $"Nobody may call {context.Method}: it has no rule."));

    private async Task<TResponse> AuditedAsync<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        where TRequest : class
        where TResponse : class
    {
        StatusCode outcome = StatusCode.Unknown;
        try
        {
            TResponse response = await continuation(request, context);
            outcome = StatusCode.OK;
            return response;
        }
        catch (RpcException error)
        {
            outcome = error.StatusCode;
            throw;
        }
        catch (OperationCanceledException)
        {
            outcome = StatusCode.Cancelled;
            throw;
        }
        finally
        {
            audit.Administered(Caller.Of(context), context.Method, RequestCollection.Of(request), context.GetHttpContext(), outcome);
        }
    }
}
