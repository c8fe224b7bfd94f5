using System.Diagnostics;
using AnnServer.LoadGen.Data;
using AnnServer.LoadGen.Load;
using AnnServer.LoadGen.Processes;
using AnnServer.Protocol.V1;

namespace AnnServer.LoadGen.Soak;

/// <summary>
/// Fills a collection, then drives the load in stretches: in the middle of the load at the end of each, the server is killed, or every
/// other time told to stop, and started again, and everything it holds is compared with what it acknowledged.
/// </summary>
internal sealed class SoakRun(ServerLaunch launch, SoakSettings settings, VectorSet vectors, int connectionCount, int recallQueries)
{
    private readonly SoakContent _content = new(settings, vectors);
    private readonly SoakLedger _ledger = new();
    private readonly SoakTally _tally = new();
    private readonly List<SoakRestart> _restarts = [];

    /// <param name="onSample">Called with each sample, so that a long run can be watched.</param>
    public async Task<SoakOutcome> RunAsync(Action<SoakSample> onSample, CancellationToken cancellationToken)
    {
        ServerProcess server = await ServerProcess.StartAsync(launch, cancellationToken);
        try
        {
            ServerLaunch again = launch with { GrpcPort = server.Grpc.Port, HttpPort = server.Http.Port };
            await FillAsync(server, cancellationToken);
            LedgerCheck check = new(settings.Collection, _content, _ledger);
            SoakSampler sampler = new(settings, _tally, new RecallProbe(settings, _content, recallQueries), launch.DataDirectory);
            TimeSpan left = settings.Duration;
            for (int start = 0; ; start++)
            {
                bool isLast = settings.KillEvery is not { } every || left <= every;
                TimeSpan stretch = isLast ? left : settings.KillEvery!.Value;
                left -= stretch;
                // SIGKILL first; the end of the run is a SIGTERM.
                bool isKill = !isLast && start % 2 == 0;
                SoakRestart end = await DriveAsync(server, start, stretch, isKill, sampler, onSample, cancellationToken);
                await server.DisposeAsync();
                server = await ServerProcess.StartAsync(again, cancellationToken);
                _tally.IsEnding = false;
                _restarts.Add(end with { ReadySeconds = server.TimeToReady.TotalSeconds });
                using (ServerConnections connections = new(server.Grpc, connectionCount))
                    await check.RunAsync(connections, cancellationToken);
                if (isLast)
                    return Outcome(sampler, check);
            }
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private async Task FillAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        using ServerConnections connections = new(server.Grpc, connectionCount);
        CreateCollectionRequest create = new() { Config = _content.NewCollection() };
        await connections.Collections.CreateCollectionAsync(create, cancellationToken: cancellationToken);
        await new SoakFill(connections, settings, _content, _ledger).RunAsync(cancellationToken);
    }

    private async Task<SoakRestart> DriveAsync(
        ServerProcess server, int start, TimeSpan stretch, bool isKill, SoakSampler sampler, Action<SoakSample> onSample,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        // New ones for each start: clients that find no server wait ever longer before they try again.
        using ServerConnections connections = new(server.Grpc, connectionCount);
        SoakLoad load = new(settings, _content, _ledger, _tally);
        sampler.Begin();
        Task loading = load.RunAsync(connections, start, end.Token);
        try
        {
            Stopwatch watch = Stopwatch.StartNew();
            for (TimeSpan next = settings.SampleEvery; next <= stretch; next += settings.SampleEvery)
            {
                await Task.Delay(Positive(next - watch.Elapsed), cancellationToken);
                await sampler.TakeAsync(server, connections, start, cancellationToken);
                onSample(sampler.Samples[^1]);
            }
            await Task.Delay(Positive(stretch - watch.Elapsed), cancellationToken);
            return await EndAsync(server, isKill, sampler.Seconds);
        }
        finally
        {
            await end.CancelAsync();
            await loading;
            sampler.End();
        }
    }

    private async Task<SoakRestart> EndAsync(ServerProcess server, bool isKill, double seconds)
    {
        _tally.IsEnding = true;
        Stopwatch watch = Stopwatch.StartNew();
        int? exitCode = null;
        if (isKill)
            await server.KillAsync();
        else
            exitCode = await server.TerminateAsync(settings.Grace);
        return new SoakRestart(seconds, isKill, exitCode, watch.Elapsed.TotalSeconds, null);
    }

    private SoakOutcome Outcome(SoakSampler sampler, LedgerCheck check) => new(
        sampler.Samples, _restarts, sampler.Seconds, sampler.Answered, _ledger.Acknowledgements, check.Compared, check.Lost, check.First,
        _tally.Wrong.Count, _tally.Wrong.First, _tally.Unavailable, _tally.Errors.Counts, _tally.Errors.FirstDetails);

    private static TimeSpan Positive(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;
}
