using Grpc.Core;

namespace AnnServer.Security.Limits;

/// <summary>Each message of a stream is a request: the first that is one too many ends it.</summary>
internal sealed class MessageLimits(CallerAdmission callers) : StreamInterceptor
{
    protected override AdmittedReader<TRequest> Read<TRequest>(IAsyncStreamReader<TRequest> messages, ServerCallContext context)
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
