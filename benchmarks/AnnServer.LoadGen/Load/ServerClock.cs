using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Load;

/// <summary>Processor time of the server between two points of a run.</summary>
internal sealed class ServerClock
{
    private readonly Admin.AdminClient _admin;
    private readonly double _start;

    private ServerClock(Admin.AdminClient admin, double start)
    {
        _admin = admin;
        _start = start;
    }

    public static async Task<ServerClock> StartAsync(Admin.AdminClient admin, CancellationToken cancellationToken)
    {
        GetStatsResponse stats = await admin.GetStatsAsync(new GetStatsRequest(), cancellationToken: cancellationToken);
        return new ServerClock(admin, stats.CpuSeconds);
    }

    public async Task<double> ElapsedCpuSecondsAsync(CancellationToken cancellationToken)
    {
        GetStatsResponse stats = await _admin.GetStatsAsync(new GetStatsRequest(), cancellationToken: cancellationToken);
        return stats.CpuSeconds - _start;
    }
}
