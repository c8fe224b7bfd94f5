using Grpc.Core;
using Grpc.Core.Interceptors;

namespace AnnServer.Security;

/// <summary>Puts a reader of its own before the messages of every stream that a client sends.</summary>
internal abstract class StreamInterceptor : Interceptor
{
    public sealed override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(Read(requestStream, context), context);

    public sealed override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(Read(requestStream, context), responseStream, context);

    protected abstract AdmittedReader<TRequest> Read<TRequest>(IAsyncStreamReader<TRequest> messages, ServerCallContext context)
        where TRequest : class;
}
