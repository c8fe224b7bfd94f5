using System.Diagnostics;
using AnnServer.LoadGen.Load;
using Grpc.Core;

namespace AnnServer.LoadGen.Soak;

/// <summary>The mix at its rate, in an open loop, until it is told to end; then what is on its way is waited for.</summary>
internal sealed class SoakLoad(SoakSettings settings, SoakContent content, SoakLedger ledger, SoakTally tally)
{
    /// <param name="stretch">Number of this call, so that no two draw the same.</param>
    public async Task RunAsync(ServerConnections connections, int stretch, CancellationToken end)
    {
        RequestSchedule schedule = new(Stopwatch.GetTimestamp(), long.MaxValue, null, settings.Rate);
        List<Task> workers = [];
        for (int i = 0; i < connections.Count * settings.Concurrency; i++)
        {
            Random random = new(HashCode.Combine(settings.Seed, stretch, i));
            SoakOperations operations = new(connections.Points(i % connections.Count), settings, content, ledger, tally, random);
            workers.Add(Task.Run(() => WorkAsync(operations, random, schedule, end), CancellationToken.None));
        }
        await Task.WhenAll(workers);
    }

    private async Task WorkAsync(SoakOperations operations, Random random, RequestSchedule schedule, CancellationToken end)
    {
        while (!end.IsCancellationRequested && schedule.TryTake(Stopwatch.GetTimestamp(), out _, out long due))
        {
            try
            {
                await RequestSchedule.WaitUntilAsync(due, end);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            OperationKind kind = settings.Mix.Draw(random);
            try
            {
                await operations.RunAsync(kind);
                tally.Interval.Of(kind).Record(due, Stopwatch.GetTimestamp());
            }
            catch (RpcException failure)
            {
                tally.Fail(failure);
            }
        }
    }
}
