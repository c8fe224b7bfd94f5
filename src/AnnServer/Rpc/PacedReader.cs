using Grpc.Core;

namespace AnnServer.Rpc;

/// <summary>Reads a stream no faster than its messages are worked off: the rest stays with the client.</summary>
internal sealed class PacedReader<TMessage>(IAsyncStreamReader<TMessage> messages, Func<CancellationToken, Task> waitForRoom)
    : IAsyncStreamReader<TMessage>
{
    public TMessage Current => messages.Current;

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        await waitForRoom(cancellationToken);
        return await messages.MoveNext(cancellationToken);
    }
}
