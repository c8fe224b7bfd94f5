using System.Collections.Concurrent;
using Grpc.Core;

namespace AnnServer.LoadGen.Load;

/// <summary>Sends messages over one bidirectional stream with a bounded number unanswered. Answers come in order.</summary>
/// <param name="call">The stream.</param>
/// <param name="window">Messages that may be unanswered.</param>
/// <param name="sendsTogether">
/// The next message is there as soon as there is room for it: one waits in the client's buffer while there is, so that those that answers
/// have made room for leave in one frame. A frame for each costs the server more than a small search.
/// </param>
internal sealed class DuplexPipeline<TRequest, TResponse>(
    AsyncDuplexStreamingCall<TRequest, TResponse> call, int window, bool sendsTogether = false)
    where TRequest : class
    where TResponse : class
{
    private static readonly WriteOptions Wait = new(WriteFlags.BufferHint);
    private static readonly WriteOptions Flush = new();

    private readonly ConcurrentQueue<Outgoing<TRequest>> _unanswered = new();

    /// <summary>After a run that failed: what was taken and never answered, in order.</summary>
    public IReadOnlyCollection<Outgoing<TRequest>> Unanswered => _unanswered;

    public async Task RunAsync(
        IAsyncEnumerable<Outgoing<TRequest>> messages, Action<Outgoing<TRequest>, TResponse> onAnswer, CancellationToken cancellationToken)
    {
        using SemaphoreSlim room = new(window);
        using CancellationTokenSource readerEnded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task reading = ReadAsync(onAnswer, room, readerEnded);
        try
        {
            // Room comes first: a message is taken, and in a closed loop its clock starts, only when it can be sent.
            await room.WaitAsync(readerEnded.Token);
            await foreach (Outgoing<TRequest> message in messages.WithCancellation(readerEnded.Token))
            {
                _unanswered.Enqueue(message);
                call.RequestStream.WriteOptions = sendsTogether && room.CurrentCount > 0 ? Wait : Flush;
                await call.RequestStream.WriteAsync(message.Message, readerEnded.Token);
                await room.WaitAsync(readerEnded.Token);
            }
            await call.RequestStream.CompleteAsync();
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested
            && (readerEnded.IsCancellationRequested || failure is RpcException or InvalidOperationException))
        {
            // A write can fail on an ended stream before the reader has seen its end.
            // The reader knows why the stream ended; awaiting it below tells.
            await reading;
        }
        await reading;
        if (!_unanswered.IsEmpty)
            throw new RpcException(new Status(StatusCode.DataLoss, $"The stream ended with {_unanswered.Count} messages unanswered."));
    }

    private async Task ReadAsync(Action<Outgoing<TRequest>, TResponse> onAnswer, SemaphoreSlim room, CancellationTokenSource ended)
    {
        try
        {
            await foreach (TResponse response in call.ResponseStream.ReadAllAsync(ended.Token))
            {
                if (!_unanswered.TryDequeue(out Outgoing<TRequest> message))
                    throw new RpcException(new Status(StatusCode.DataLoss, "The stream answered more messages than were sent."));
                onAnswer(message, response);
                room.Release();
            }
        }
        finally
        {
            // Whatever ended the reading, a writer that waits for room must not wait for ever.
            await ended.CancelAsync();
        }
    }
}
