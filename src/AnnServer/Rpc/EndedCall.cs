using Grpc.Core;

namespace AnnServer.Rpc;

/// <summary>
/// A stream whose deadline passes while it is being answered: grpc-dotnet ends the response first and cancels the call then, so that a write
/// between the two fails as if it were a mistake of the program. It is the end of the call, which the caller has been told already.
/// </summary>
internal static class EndedCall
{
    // Timers and the clock count apart.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(50);

    public static async Task IsNoFaultAsync(Task answering, ServerCallContext context)
    {
        try
        {
            await answering;
        }
        catch (InvalidOperationException e) when (context.Deadline <= TimeProvider.System.GetUtcNow().UtcDateTime + Slack)
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, "The deadline of the call has passed.", e));
        }
    }
}
