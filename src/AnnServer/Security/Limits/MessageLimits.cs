using Grpc.Core;
using Grpc.Core.Interceptors;

namespace AnnServer.Security.Limits;

/// <summary>Each message of a stream is a request: the first that is one too many ends it.</summary>
internal sealed class MessageLimits(CallerAdmission callers) : Interceptor
{
    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(Limited(requestStream, context), context);

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        continuation(Limited(requestStream, context), responseStream, context);

    private AdmittedReader<TRequest> Limited<TRequest>(IAsyncStreamReader<TRequest> messages, ServerCallContext context)
        where TRequest : class
    {
        bool isFirst = true;
        return new AdmittedReader<TRequest>(messages, _ =>
        {
            if (!isFirst)
            {
                callers.AdmitNext(context);
            }

            isFirst = false;
        });
    }
}
