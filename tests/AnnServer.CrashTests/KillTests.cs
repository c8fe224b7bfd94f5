using AnnServer.Engine.Model;
using AnnServer.Protocol.V1;
using AnnServer.Testing;
using Grpc.Core;
using Grpc.Net.Client;
using Durability = AnnServer.Protocol.V1.Durability;

namespace AnnServer.CrashTests;

/// <summary>
/// The server is killed with SIGKILL again and again while clients write to it, always over the same directory. What it
/// acknowledged is there after each start, what it never got is not, and its graph is the one of a server that was never killed.
/// </summary>
public sealed class KillTests
{
    private const int KillsPerFolder = 50;

    // A server that has just started takes longest over what it does first; searches are one thing less.
    private const int KillsPerComparison = 3;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kill_AgainAndAgainDuringWrites_LosesNothingAcknowledgedAndAnswersAsIfNeverKilled()
    {
        var tally = new CrashTally("`kill -9`, one thread plans");
        int walks = 0;
        for (int done = 0; done < Laboratory.Kills; done += KillsPerFolder)
        {
            walks += await KillAndCompareAsync(Math.Min(KillsPerFolder, Laboratory.Kills - done), Laboratory.Seed + done, tally);
        }

        Assert.InRange(walks, Laboratory.Kills / KillsPerComparison, int.MaxValue);
        await Laboratory.ReportAsync("kills", tally.ToRow($"{walks} walks over the graph equal to those of a server never killed"));
    }

    [Fact]
    public async Task Kill_DuringWritesPlannedSideBySide_LosesNothingAcknowledgedAndHasABeginningOfWhatWasNot()
    {
        var tally = new CrashTally("`kill -9`, four threads plan");
        for (int done = 0; done < Laboratory.KillsSideBySide; done += KillsPerFolder)
        {
            int kills = Math.Min(KillsPerFolder, Laboratory.KillsSideBySide - done);
            using var folder = new TempDirectory();
            var load = new WriteLoad(Laboratory.Seed + done + 2);
            for (int round = 0; round <= kills; round++)
            {
                await using ServerProcess server = await ServerProcess.StartAsync(folder.Path, planningThreads: 4, Cancellation);
                tally.Started(server.TimeToReady);
                using GrpcChannel channel = server.Connect();
                await load.RecoverAsync(channel);
                if (round < kills)
                {
                    await load.WriteAsync(server, server.KillAsync);
                }
            }

            load.AssertWasBusy(kills);
            tally.Add(load, kills);
        }

        await Laboratory.ReportAsync("kills-side-by-side", tally.ToRow(""));
    }

    [Fact]
    public async Task Kill_DuringWritesOfEveryDurability_TakesBackNoneFsyncedAndOthersFromTheEndOnly()
    {
        const int Kills = 3;
        string folder = Directory.CreateTempSubdirectory("ann-kill-").FullName;
        try
        {
            var ordered = new OrderedClient(WriteLoad.Ordered, CrashCollection.Dimension, seed: 5)
            {
                Durabilities = [Durability.Fsynced, Durability.Logged, Durability.Memory, Durability.Memory],
            };
            int acknowledged = 0;
            for (int round = 0; round <= Kills; round++)
            {
                await using ServerProcess server = await ServerProcess.StartAsync(folder, planningThreads: 4, Cancellation);
                using GrpcChannel channel = server.Connect();
                if (round == 0)
                {
                    await CrashCollection.CreateAsync(channel, WriteLoad.Ordered);
                }

                int recovered = ordered.Recovered(await CrashCollection.ReadAsync(channel, WriteLoad.Ordered));
                Assert.InRange(recovered, ordered.Fsynced, ordered.Acknowledged.Count + ordered.InFlight.Count);
                acknowledged += ordered.Acknowledged.Count;
                ordered.Resume(recovered);
                if (round < Kills)
                {
                    using GrpcChannel inOrder = server.Connect();
                    Task writing = ordered.RunAsync(inOrder);
                    while (ordered.Acknowledged.Count < 50 + (round * 13) && !writing.IsCompleted)
                    {
                        await Task.Delay(1, Cancellation);
                    }

                    await server.KillAsync();
                    await writing;
                }
            }

            Assert.True(acknowledged >= Kills * 50, $"{acknowledged} acknowledged");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Kill_AfterWritesInMemoryThatNothingFlushed_TakesBackThoseAndNoneBeforeThem()
    {
        string folder = Directory.CreateTempSubdirectory("ann-kill-").FullName;
        try
        {
            var random = new Random(6);
            Dictionary<ulong, PointState> fsynced;
            ulong lost;
            await using (ServerProcess server = await ServerProcess.StartAsync(folder, 0, Cancellation, "--Ann:FlushInterval=01:00:00"))
            {
                using GrpcChannel channel = server.Connect();
                await CrashCollection.CreateAsync(channel, WriteLoad.Ordered);
                var points = new Points.PointsClient(channel);
                await points.UpsertAsync(Upsert(Durability.Memory, 1));
                await points.UpsertAsync(Upsert(Durability.Fsynced, 2));
                fsynced = await CrashCollection.ReadAsync(channel, WriteLoad.Ordered);
                await points.UpsertAsync(Upsert(Durability.Memory, 2));
                lost = (await points.UpsertAsync(Upsert(Durability.Memory, 3))).Sequence;
                Assert.Equal([1UL, 2UL, 3UL], (await CrashCollection.ReadAsync(channel, WriteLoad.Ordered)).Keys.Order());
                await server.KillAsync();
            }

            await using ServerProcess restarted = await ServerProcess.StartAsync(folder, 0, Cancellation);
            using GrpcChannel again = restarted.Connect();
            Assert.Equal(fsynced.OrderBy(p => p.Key), (await CrashCollection.ReadAsync(again, WriteLoad.Ordered)).OrderBy(p => p.Key));
            RpcException fence = await Assert.ThrowsAsync<RpcException>(async () => await new Points.PointsClient(again).CountAsync(
                new CountRequest { Collection = WriteLoad.Ordered, ReadAfter = lost }));
            Assert.Equal(StatusCode.FailedPrecondition, fence.StatusCode);

            UpsertRequest Upsert(Durability durability, ulong id) =>
                new() { Collection = WriteLoad.Ordered, Points = { PointState.Random(random, CrashCollection.Dimension).ToPoint(id) }, Durability = durability };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Kill_ClientThatTakesSentForAcknowledged_IsFoundOut()
    {
        const int MaxKills = 10;
        using var folder = new TempDirectory();
        var load = new WriteLoad(Laboratory.Seed, trustsSent: true);
        var wrong = new List<string>();
        for (int round = 0; round <= MaxKills && wrong.Count == 0; round++)
        {
            await using ServerProcess server = await ServerProcess.StartAsync(folder.Path, planningThreads: 0, Cancellation);
            using GrpcChannel channel = server.Connect();
            wrong = await load.FindWrongAsync(channel);
            await load.WriteAsync(server, server.KillAsync);
        }

        Assert.NotEmpty(wrong);
    }

    // Kills over one folder; how many answers came from a walk over the graph.
    private static async Task<int> KillAndCompareAsync(int kills, int seed, CrashTally tally)
    {
        using var folder = new TempDirectory();
        using var steadyFolder = new TempDirectory();
        await using NeverKilled steady = await NeverKilled.OpenAsync(steadyFolder.Path, CrashCollection.Config(WriteLoad.Ordered));
        var load = new WriteLoad(seed);
        var random = new Random(seed + 1);
        int walks = 0;
        for (int round = 0; round <= kills; round++)
        {
            // One point at a time, so that its graph is a function of the order of its changes.
            await using ServerProcess server = await ServerProcess.StartAsync(folder.Path, planningThreads: 1, Cancellation);
            tally.Started(server.TimeToReady);
            using GrpcChannel channel = server.Connect();
            await steady.ApplyAsync(await load.RecoverAsync(channel));
            if (round % KillsPerComparison == 0 || round == kills)
            {
                walks += await CompareAnswersAsync(channel, steady, random);
            }

            if (round < kills)
            {
                await load.WriteAsync(server, server.KillAsync);
            }
        }

        load.AssertWasBusy(kills);
        Assert.Equal(load.PointsInOrder, steady.Count);
        tally.Add(load, kills);
        return walks;
    }

    // How many of the answers came from a walk over the graph.
    private static async Task<int> CompareAnswersAsync(GrpcChannel channel, NeverKilled steady, Random random)
    {
        int walks = 0;
        var client = new Points.PointsClient(channel);
        for (int i = 0; i < 6; i++)
        {
            PointState query = PointState.Random(random, CrashCollection.Dimension);
            // Wider ones compare with all of so few points.
            int ef = i % 2 == 0 ? 10 : 14;
            SearchResponse answer = await client.SearchAsync(new SearchRequest
            {
                Collection = WriteLoad.Ordered,
                Vector = new Vector { Packed = query.Vector },
                K = 10,
                Ef = (uint)ef,
                Explain = true,
            });
            SearchAnswer expected = steady.Search(query.Floats(), ef);
            Assert.Equal(
                expected.Hits.Select(hit => (hit.Id.Number, BitConverter.SingleToInt32Bits(hit.Score))),
                answer.Hits.Select(hit => (hit.Id.Num, BitConverter.SingleToInt32Bits(hit.Score))));
            // The same walk over the same links.
            Assert.Equal(expected.Report.Strategy == SearchStrategy.Graph ? "graph" : "exact", answer.Report.Strategy);
            Assert.Equal(expected.Report.DistanceComputations, (long)answer.Report.DistanceComputations);
            Assert.Equal(expected.Report.Expansions, (long)answer.Report.Expansions);
            walks += expected.Report.Strategy == SearchStrategy.Graph ? 1 : 0;
        }

        return walks;
    }
}
