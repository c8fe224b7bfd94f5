using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;

namespace AnnServer.FunctionalTests.Security;

/// <summary>A call of any RPC by its descriptor.</summary>
internal static class RawCall
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static (byte[] bytes) => bytes, static bytes => bytes);

    /// <summary>Sends one message, reads all answers, and says how it ended.</summary>
    public static async Task<Status> EndAsync(
        GrpcChannel channel, MethodDescriptor method, byte[] message, Metadata headers, CancellationToken cancellation)
    {
        CallInvoker invoker = channel.CreateCallInvoker();
        CallOptions options = new(headers, cancellationToken: cancellation);
        try
        {
            if (method is { IsClientStreaming: false, IsServerStreaming: false })
            {
                await invoker.AsyncUnaryCall(Method(method, MethodType.Unary), null, options, message);
                return Status.DefaultSuccess;
            }

            Assert.True(method is { IsClientStreaming: true, IsServerStreaming: true }, $"{method.FullName} is of a kind that is not called here.");
            using AsyncDuplexStreamingCall<byte[], byte[]> call =
                invoker.AsyncDuplexStreamingCall(Method(method, MethodType.DuplexStreaming), null, options);
            await SendAsync(call.RequestStream, message);
            while (await call.ResponseStream.MoveNext(cancellation))
            {
                Assert.NotNull(call.ResponseStream.Current);
            }

            return call.GetStatus();
        }
        catch (RpcException error)
        {
            return error.Status;
        }
    }

    // A call that is turned away at once may end before the message is sent; how it has ended is read from its answers.
    private static async Task SendAsync(IClientStreamWriter<byte[]> requests, byte[] message)
    {
        try
        {
            await requests.WriteAsync(message);
            await requests.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            Assert.NotNull(e.Message);
        }
    }

    private static Method<byte[], byte[]> Method(MethodDescriptor method, MethodType type) =>
        new(type, method.Service.FullName, method.Name, Bytes, Bytes);
}
