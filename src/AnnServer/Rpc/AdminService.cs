using AnnServer.Engine;
using AnnServer.Hosting;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.Rpc;

internal sealed class AdminService(DatabaseHost database) : Admin.AdminBase
{
    public override async Task<CheckpointResponse> Checkpoint(CheckpointRequest request, ServerCallContext context)
    {
        CheckpointReceipt receipt = (await database.Current.CheckpointAsync(context.CancellationToken)).OrThrow();
        return new CheckpointResponse { Sequence = receipt.Sequence, LogBytes = (ulong)receipt.LogBytes };
    }

    public override Task<GetStatsResponse> GetStats(GetStatsRequest request, ServerCallContext context)
    {
        Database open = database.Current;
        return Task.FromResult(StatsMapper.ToWire(open.GetStats(), open.ListCollections(), database.Uptime));
    }
}
