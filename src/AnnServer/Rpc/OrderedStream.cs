using System.Threading.Channels;
using AnnServer.Engine.Model;
using Grpc.Core;

namespace AnnServer.Rpc;

/// <summary>
/// Two-way streams with one response for each request, in order. The first request that fails ends the stream with its status;
/// what was answered before it stands. When the server stops, requests already read are answered and the stream ends UNAVAILABLE.
/// </summary>
internal static class OrderedStream
{
    /// <summary>With up to <paramref name="inFlight"/> requests begun, in order, before the first of them is answered.</summary>
    public static async Task AnswerAsync<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requests,
        IServerStreamWriter<TResponse> responses,
        int inFlight,
        Func<TRequest, CancellationToken, Task<TResponse>> answer,
        CancellationToken stopping,
        CancellationToken cancellation)
    {
        // A stop ends the reading only: what has been read is still begun and answered. A failed request ends both.
        using CancellationTokenSource beginning = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using CancellationTokenSource reading = CancellationTokenSource.CreateLinkedTokenSource(stopping, beginning.Token);
        Channel<Task<TResponse>> begun = Channel.CreateBounded<Task<TResponse>>(
            new BoundedChannelOptions(inFlight) { SingleReader = true, SingleWriter = true });
        Task writing = WriteInOrderAsync(begun.Reader, responses, beginning, cancellation);
        try
        {
            while (await MoveNextAsync(requests, stopping, reading.Token, cancellation))
            {
                // Begun only when there is room, so that no more than inFlight + 1 are ever running.
                await begun.Writer.WaitToWriteAsync(beginning.Token);
                begun.Writer.TryWrite(answer(requests.Current, cancellation));
            }
        }
        finally
        {
            // Where a request has failed, this throws its status in place of the cancellation that ended the reading.
            begun.Writer.Complete();
            await writing;
        }
    }

    private static async Task WriteInOrderAsync<TResponse>(
        ChannelReader<Task<TResponse>> begun, IServerStreamWriter<TResponse> responses, CancellationTokenSource beginning, CancellationToken cancellation)
    {
        try
        {
            await foreach (Task<TResponse> response in begun.ReadAllAsync(CancellationToken.None))
            {
                await WriteAsync(responses, await response, cancellation);
            }
        }
        catch
        {
            await beginning.CancelAsync();
            await DrainAsync(begun);
            throw;
        }
    }

    /// <summary>Requests begun behind a failed one run to their end before the call does, as they use its token; their outcome is not told.</summary>
    private static async Task DrainAsync<TResponse>(ChannelReader<Task<TResponse>> begun)
    {
        await foreach (Task<TResponse> response in begun.ReadAllAsync(CancellationToken.None))
        {
            await ((Task)response).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Reads the next request; ends UNAVAILABLE when the server stops. Completed already where the request is there.</summary>
    /// <param name="reading">Cancelled by either of the others.</param>
    public static async Task<bool> MoveNextAsync<TRequest>(
        IAsyncStreamReader<TRequest> requests, CancellationToken stopping, CancellationToken reading, CancellationToken cancellation)
    {
        try
        {
            return await requests.MoveNext(reading);
        }
        catch (InvalidOperationException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw StatusMapper.ToException(EngineError.Of(EngineStatus.Unavailable, "The server is stopping."));
        }
    }

    public static async Task WriteAsync<TResponse>(IServerStreamWriter<TResponse> responses, TResponse response, CancellationToken cancellation)
    {
        try
        {
            // Not with the token, which would be registered for every message: the end of the call ends the write too.
            await responses.WriteAsync(response, CancellationToken.None);
        }
        catch (InvalidOperationException) when (cancellation.IsCancellationRequested)
        {
            // What grpc-dotnet throws where the client has just gone. It would log that as an error of the server.
            throw new OperationCanceledException(cancellation);
        }
    }
}
