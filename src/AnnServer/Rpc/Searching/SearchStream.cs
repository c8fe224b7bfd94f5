using Grpc.Core;

namespace AnnServer.Rpc.Searching;

/// <summary>
/// A stream of searches, each answered before the next is begun. Answers to requests that have come together leave together: an answer
/// waits in the buffer of the connection while the next request can be answered at once, because a flush of its own costs more than a
/// small search.
/// </summary>
internal sealed class SearchStream(
    IAsyncStreamReader<WireSearch> requests,
    IServerStreamWriter<WireSearch> responses,
    Func<WireSearch, CancellationToken, ValueTask<WireSearch>> answer)
{
    // So much may wait. More answers a flush save little, and the first of them waits for the searches of all others.
    private const int MaxWaiting = 16;
    private const long MaxWaitingBytes = 32 * 1024;

    private static readonly WriteOptions Wait = new(WriteFlags.BufferHint);
    private static readonly WriteOptions Flush = new();

    private int _waiting;
    private long _waitingBytes;

    public async Task RunAsync(CancellationToken stopping, CancellationToken cancellation)
    {
        using CancellationTokenSource reading = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellation);
        // Answered, and not yet written: whether it may wait depends on what comes after it.
        WireSearch? answered = null;
        while (true)
        {
            Task<bool> next = OrderedStream.MoveNextAsync(requests, stopping, reading.Token, cancellation);
            if (answered is not null && !(next.IsCompletedSuccessfully && await next))
            {
                await WriteAsync(answered, mayWait: false, cancellation);
                answered = null;
            }

            if (!await next)
            {
                return;
            }

            ValueTask<WireSearch> answering = answer(requests.Current, cancellation);
            if (answered is not null)
            {
                await WriteAsync(answered, answering.IsCompletedSuccessfully, cancellation);
            }

            answered = await answering;
        }
    }

    private async ValueTask WriteAsync(WireSearch answered, bool mayWait, CancellationToken cancellation)
    {
        _waiting++;
        _waitingBytes += answered.Answer.Bytes;
        bool isFull = _waiting >= MaxWaiting || _waitingBytes >= MaxWaitingBytes;
        responses.WriteOptions = mayWait && !isFull ? Wait : Flush;
        await OrderedStream.WriteAsync(responses, answered, cancellation);
        if (!mayWait || isFull)
        {
            (_waiting, _waitingBytes) = (0, 0);
        }

        if (mayWait && isFull)
        {
            // There is more to do here, but others wait for this thread too.
            await Task.Yield();
        }
    }
}
