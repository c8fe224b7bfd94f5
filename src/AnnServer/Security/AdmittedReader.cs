using Grpc.Core;

namespace AnnServer.Security;

/// <summary>A stream of which only admitted messages are read: the first that is not ends it. A message that is there already costs no wait.</summary>
/// <param name="admit">Throws for a message that is not.</param>
internal sealed class AdmittedReader<TMessage>(IAsyncStreamReader<TMessage> messages, Action<TMessage> admit) : IAsyncStreamReader<TMessage>
    where TMessage : class
{
    public TMessage Current => messages.Current;

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        Task<bool> next = messages.MoveNext(cancellationToken);
        if (!next.IsCompletedSuccessfully)
        {
            return AdmitAsync(next);
        }

        Admit(next.GetAwaiter().GetResult());
        return next;
    }

    private async Task<bool> AdmitAsync(Task<bool> next)
    {
        bool any = await next;
        Admit(any);
        return any;
    }

    private void Admit(bool any)
    {
        if (any)
        {
            admit(messages.Current);
        }
    }
}
