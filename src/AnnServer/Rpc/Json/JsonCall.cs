using AnnServer.Hosting;
using Google.Protobuf;
using Grpc.Core;

namespace AnnServer.Rpc.Json;

/// <summary>
/// Answers a call in JSON by the same call of gRPC within the process: interceptors, limits, and methods that read their messages by hand are
/// passed as if it had come over gRPC.
/// </summary>
internal sealed class JsonCall(HttpBinding binding, Endpoint rpc, int maxMessageBytes)
{
    public async Task InvokeAsync(HttpContext context)
    {
        IMessage request;
        try
        {
            request = await JsonRequest.ReadAsync(context, binding, maxMessageBytes);
        }
        catch (RpcException refused)
        {
            await JsonAnswer.WriteErrorAsync(context, refused);
            return;
        }

        using InnerCall call = new(context, rpc, binding.Rpc, request);
        await RpcTelemetry.DescribeAsync(rpc.RequestDelegate!, call.Context);
        Google.Rpc.Status end = await call.EndAsync();
        await (end.Code == (int)StatusCode.OK
            ? JsonAnswer.WriteAsync(context, binding.Method.OutputType.Parser.ParseFrom(call.Answer))
            : JsonAnswer.WriteErrorAsync(context, end));
    }
}
