using System.Buffers;
using System.Buffers.Binary;
using AnnServer.Engine.Model;
using AnnServer.Rpc;
using Grpc.Core;

namespace AnnServer.Hosting;

/// <summary>
/// The five bytes before a message: whether it is compressed, and its length. grpc-dotnet reads from one to the next, so that what it is given
/// begins with one. What cannot be one is an INVALID_ARGUMENT; the exceptions of grpc-dotnet are UNKNOWN to a client, and an error in the log.
/// </summary>
internal static class FramePrefix
{
    private const int Length = 5;

    public static void Check(in ReadOnlySequence<byte> read)
    {
        if (read.IsEmpty)
        {
            return;
        }

        if (read.FirstSpan[0] > 1)
        {
            throw Malformed("the first byte before it is neither 0 nor 1");
        }

        if (read.Length < Length)
        {
            return;
        }

        Span<byte> prefix = stackalloc byte[Length];
        read.Slice(0, Length).CopyTo(prefix);
        if (BinaryPrimitives.ReadInt32BigEndian(prefix[1..]) < 0)
        {
            throw Malformed("the length before it is 2 GiB or more");
        }
    }

    private static RpcException Malformed(string what) =>
        StatusMapper.ToException(EngineError.Of(EngineStatus.InvalidArgument, $"The message cannot be read: {what}."));
}
