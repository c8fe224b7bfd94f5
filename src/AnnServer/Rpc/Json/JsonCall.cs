using AnnServer.Hosting;
using Google.Protobuf;
using Grpc.Core;

namespace AnnServer.Rpc.Json;

/// <summary>
/// Answers a call in JSON by the same call of gRPC within the process: interceptors, limits, and methods that read their messages by hand are
/// passed as if it had come over gRPC.
/// </summary>
internal sealed class JsonCall(HttpBinding binding, Endpoint rpc, int maxMessageBytes, TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context)
    {
        IMessage request;
        CallDeadline? deadline;
        try
        {
            deadline = CallDeadline.Of(context.Request, time);
            Task<IMessage> reading = JsonRequest.ReadAsync(context, binding, maxMessageBytes);
            if (deadline is not null && !await deadline.IsMetByAsync(reading))
            {
                await GiveUpAsync(context, reading);
                return;
            }

            request = await reading;
        }
        catch (RpcException refused)
        {
            await JsonAnswer.WriteErrorAsync(context, refused);
            return;
        }

        using InnerCall call = new(context, rpc, binding.Rpc, request, deadline?.Timeout);
        Task answering = RpcTelemetry.DescribeAsync(rpc.RequestDelegate!, call.Context);
        if (deadline is not null && !await deadline.IsMetByAsync(answering))
        {
            await GiveUpAsync(context, answering);
            return;
        }

        await answering;
        Google.Rpc.Status end = await call.EndAsync();
        await (end.Code == (int)StatusCode.OK
            ? JsonAnswer.WriteAsync(context, binding.Method.OutputType.Parser.ParseFrom(call.Answer))
            : JsonAnswer.WriteErrorAsync(context, end));
    }

    // As over gRPC, the caller hears of it at once, and what has been begun goes on until it notices, whose outcome is not told any more.
    private static async Task GiveUpAsync(HttpContext context, Task begun)
    {
        try
        {
            // In the words of grpc-dotnet, which may have been the first to notice.
            await JsonAnswer.WriteErrorAsync(context, new Google.Rpc.Status { Code = (int)StatusCode.DeadlineExceeded, Message = "Deadline Exceeded" });
            await context.Response.CompleteAsync();
        }
        finally
        {
            await begun.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
