using System.IO.Pipelines;
using Grpc.Core;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace AnnServer.Hosting;

/// <summary>
/// A request's body, whose bytes count while they are held: of a unary call until it is answered, since what was made of them is about as
/// large; of a stream until they are read.
/// </summary>
/// <param name="admission">Null where nothing is counted.</param>
/// <param name="isFramed">Whether messages have a prefix, as in gRPC.</param>
internal sealed class MeteredBody(PipeReader inner, Admission? admission, bool isUnary, bool isFramed) : PipeReader, IRequestBodyPipeFeature
{
    private ReadResult _last;
    private long _taken;
    private long _decompressed;
    private long _counted;

    public PipeReader Reader => this;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            ValueTask<ReadResult> read = inner.ReadAsync(cancellationToken);
            return read.IsCompletedSuccessfully ? new ValueTask<ReadResult>(Held(read.Result)) : AwaitAsync(read);
        }
        catch (Exception e) when (IsGone(e))
        {
            throw Gone();
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        try
        {
            if (!inner.TryRead(out result))
            {
                return false;
            }

            result = Held(result);
            return true;
        }
        catch (Exception e) when (IsGone(e))
        {
            throw Gone();
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        long used = _last.Buffer.Slice(0, consumed).Length;
        _taken += isUnary ? used : 0;
        Count(_last.Buffer.Length - used + _taken + _decompressed);
        _last = default;
        try
        {
            inner.AdvanceTo(consumed, examined);
        }
        catch (Exception e) when (IsGone(e))
        {
            throw Gone();
        }
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public void BeginDecompressing()
    {
        if (!isUnary)
        {
            // Of a stream one message at a time is read.
            Decompressed((int)-_decompressed);
        }
    }

    public void Decompressed(int bytes)
    {
        _decompressed += bytes;
        Count(_counted + bytes);
    }

    /// <summary>When the call has been answered.</summary>
    public void Release() => Count(0);

    private async ValueTask<ReadResult> AwaitAsync(ValueTask<ReadResult> read)
    {
        try
        {
            return Held(await read);
        }
        catch (Exception e) when (IsGone(e))
        {
            throw Gone();
        }
    }

    // A client that is gone in the middle of its request is no error of the server. grpc-dotnet knows that only where the call has been
    // cancelled before the read fails, which is left to chance.
    private static bool IsGone(Exception e) => e is IOException or ConnectionAbortedException;

    // Without what was thrown: grpc-dotnet would log that as an error.
    private static RpcException Gone() => new(new Status(StatusCode.Cancelled, "The request has ended before all of it was received."));

    private ReadResult Held(in ReadResult result)
    {
        try
        {
            if (isFramed)
            {
                FramePrefix.Check(result.Buffer);
            }

            Count(result.Buffer.Length + _taken + _decompressed);
        }
        catch (RpcException)
        {
            // Given back: over HTTP/1.1 what is left of the body is read past before the next request.
            inner.AdvanceTo(result.Buffer.Start);
            throw;
        }

        _last = result;
        return result;
    }

    private void Count(long bytes)
    {
        admission?.Add(bytes - _counted);
        _counted = bytes;
    }
}
