using AnnServer.Engine.Model;
using Google.Protobuf;
using Grpc.Core;

namespace AnnServer.Rpc;

/// <summary>
/// Answers a message that is no valid protobuf, or is nested too deep, with INVALID_ARGUMENT. Let through, the exception of the
/// parser is UNKNOWN to a client.
/// </summary>
internal static class CheckedMarshaller
{
    public static Marshaller<T> Create<T>(Action<T, SerializationContext> write, Func<DeserializationContext, T> read) =>
        Marshallers.Create(write, context =>
        {
            try
            {
                return read(context);
            }
            catch (InvalidProtocolBufferException e)
            {
                throw StatusMapper.ToException(EngineError.Of(EngineStatus.InvalidArgument, $"The message cannot be read: {e.Message}"));
            }
        });
}
