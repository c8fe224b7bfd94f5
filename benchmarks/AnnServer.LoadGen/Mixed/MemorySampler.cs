using System.Diagnostics;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Reports;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.LoadGen.Mixed;

/// <summary>Asks the server for its memory at fixed times.</summary>
internal sealed class MemorySampler(Admin.AdminClient admin, ErrorTally errors)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    private readonly List<MemorySample> _samples = [];

    /// <summary>To be read when the sampling has ended.</summary>
    public IReadOnlyList<MemorySample> Samples => _samples;

    public async Task RunUntilAsync(CancellationToken timeIsUp)
    {
        Stopwatch watch = Stopwatch.StartNew();
        using PeriodicTimer timer = new(Interval);
        try
        {
            do
            {
                await SampleAsync(watch.Elapsed.TotalSeconds);
            }
            while (await timer.WaitForNextTickAsync(timeIsUp));
        }
        catch (OperationCanceledException)
        {
            // The last sample is of the end of the run.
            await SampleAsync(watch.Elapsed.TotalSeconds);
        }
    }

    private async Task SampleAsync(double seconds)
    {
        try
        {
            GetStatsResponse stats = await admin.GetStatsAsync(new GetStatsRequest());
            _samples.Add(new MemorySample(seconds, stats.ResidentBytes, stats.ManagedHeapBytes));
        }
        catch (RpcException failure)
        {
            errors.Add(failure);
        }
    }
}
