using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.LoadGen.Tests.InMemory;

internal sealed class InMemoryAdmin : Admin.AdminBase
{
    public override Task<GetStatsResponse> GetStats(GetStatsRequest request, ServerCallContext context) => Task.FromResult(
        new GetStatsResponse { CpuSeconds = Environment.CpuUsage.TotalTime.TotalSeconds, ResidentBytes = (ulong)Environment.WorkingSet });
}
