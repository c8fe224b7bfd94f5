using AnnServer.Protocol.V1;
using Grpc.Net.Client;

namespace AnnServer.CrashTests;

/// <summary>Asks for one checkpoint after another, so that kills meet every step of making one.</summary>
internal sealed class CheckpointClient
{
    /// <summary>Returns when the server is gone.</summary>
    public async Task RunAsync(GrpcChannel channel)
    {
        var client = new Admin.AdminClient(channel);
        ulong last = 0;
        try
        {
            while (true)
            {
                CheckpointResponse made = await client.CheckpointAsync(new CheckpointRequest());
                Assert.InRange(made.Sequence, last, ulong.MaxValue);
                last = made.Sequence;
            }
        }
        catch (Exception e) when (ChurnClient.IsGone(e))
        {
            return;
        }
    }
}
