using System.IO.Compression;
using AnnServer.Engine.Model;
using AnnServer.Rpc;
using Grpc.Core;
using Grpc.Net.Compression;

namespace AnnServer.Hosting;

/// <summary>
/// Decompresses what callers send: no more than a message may have, since a thousandth of that can stand for it, and all of it counted among
/// the bytes that are held. What cannot be decompressed is an INVALID_ARGUMENT; let through, the exception is UNKNOWN to a client.
/// </summary>
internal sealed class CheckedCompression(ICompressionProvider inner, int maxMessageBytes, Admission admission) : ICompressionProvider
{
    public string EncodingName => inner.EncodingName;

    public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) =>
        inner.CreateCompressionStream(stream, compressionLevel);

    public Stream CreateDecompressionStream(Stream stream)
    {
        admission.BeginDecompressing();
        return new CheckedStream(inner.CreateDecompressionStream(stream), inner.EncodingName, maxMessageBytes, admission);
    }

    private sealed class CheckedStream(Stream inner, string encoding, int maxMessageBytes, Admission admission) : Stream
    {
        private int _bytes;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int read = ReadInner(buffer);
            if (read > maxMessageBytes - _bytes)
            {
                // As grpc-dotnet says it of a message that is not compressed.
                throw new RpcException(new Status(StatusCode.ResourceExhausted, "Received message exceeds the maximum configured message size."));
            }

            _bytes += read;
            admission.Decompressed(read);
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        private int ReadInner(Span<byte> buffer)
        {
            try
            {
                return inner.Read(buffer);
            }
            catch (InvalidDataException)
            {
                throw StatusMapper.ToException(EngineError.Of(
                    EngineStatus.InvalidArgument, $"The message cannot be read: it is not compressed by {encoding}, as grpc-encoding says."));
            }
        }
    }
}
