using Grpc.Core;

namespace AnnServer.Rpc;

/// <summary>
/// A stream that ends while it is being answered. grpc-dotnet lets reads and writes after that fail as if they were a mistake of the program,
/// and would log them as one; where it is a deadline that passes, it even ends the response before it cancels the call.
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
        catch (InvalidOperationException) when (HasEnded(context))
        {
            // Without what was thrown: grpc-dotnet would log that as an error.
            throw new RpcException(new Status(StatusCode.Cancelled, "The call has ended."));
        }
    }

    private static bool HasEnded(ServerCallContext context) =>
        context.CancellationToken.IsCancellationRequested || context.Deadline <= TimeProvider.System.GetUtcNow().UtcDateTime + Slack;
}
