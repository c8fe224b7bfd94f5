using System.Diagnostics;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Reports;
using Grpc.Core;

namespace AnnServer.LoadGen.Mixed;

/// <summary>Fills, mixes, audits, reports. The collection exists and is empty.</summary>
internal sealed class MixedSession(ServerConnections connections, MixedSettings settings, VectorFile? vectors)
{
    public async Task<MixedReport> RunAsync(CancellationToken cancellationToken)
    {
        MixedRun run = new(settings);
        List<MixedWorker> workers = [];
        for (int i = 0; i < connections.Count; i++)
            workers.Add(new MixedWorker(run, new OwnedModel(i), NewContent(i), connections.Points(i)));
        await Task.WhenAll(workers.Select(worker => Task.Run(() => worker.FillAsync(cancellationToken), cancellationToken)));

        MemorySampler memory = new(connections.Admin, run.Errors);
        Stopwatch watch = Stopwatch.StartNew();
        using (CancellationTokenSource timeIsUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            Task sampling = memory.RunUntilAsync(timeIsUp.Token);
            timeIsUp.CancelAfter(settings.Duration);
            CancellationToken end = timeIsUp.Token;
            await Task.WhenAll(workers.Select(worker => Task.Run(() => worker.RunUntilAsync(end, cancellationToken), cancellationToken)));
            await timeIsUp.CancelAsync();
            await sampling;
        }
        double seconds = watch.Elapsed.TotalSeconds;
        FinalAudit audit = new(run, [.. workers.Select(worker => worker.Model)], connections.Points(0));
        bool audited = workers.TrueForAll(worker => worker.IsModelKnown);
        if (audited)
            await AuditAsync(run, audit, cancellationToken);
        return Report(run, audit, audited, seconds, memory.Samples);
    }

    private ContentFactory NewContent(int stream) => new(settings.Dimension, settings.Seed + stream, vectors);

    private async Task AuditAsync(MixedRun run, FinalAudit audit, CancellationToken cancellationToken)
    {
        try
        {
            await audit.RunAsync(NewContent(connections.Count), cancellationToken);
        }
        catch (RpcException failure)
        {
            run.Errors.Add(failure);
        }
    }

    private MixedReport Report(MixedRun run, FinalAudit audit, bool audited, double seconds, IReadOnlyList<MemorySample> memory) => new(
        seconds, audit.LivePoints, run.Latencies.Reports, audited ? settings.FinalQueries : 0, audit.ExactEqual, audit.Recall.Value,
        run.FilteredRecall.Value, run.Wrong.Count, run.Wrong.First, run.Errors.Counts, run.Errors.FirstDetails, memory);
}
