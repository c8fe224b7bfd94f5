using AnnServer.Engine.Model;
using AnnServer.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Durability = AnnServer.Protocol.V1.Durability;
using Model = AnnServer.Engine.Model;
using Wire = AnnServer.Protocol.V1;

namespace AnnServer.CrashTests;

/// <summary>
/// The server is killed with SIGKILL again and again while clients write to it, always over the same directory. What it
/// acknowledged is there after each start, what it never got is not, and its graph is the one of a server that was never killed.
/// </summary>
public sealed class KillTests
{
    private const int Dimension = 8;
    private const string Churned = "churned";
    private const string Ordered = "ordered";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kill_FiftyTimesDuringWrites_LosesNothingAcknowledgedAndAnswersAsIfNeverKilled()
    {
        const int Kills = 50;
        // A server that has just started takes longest over what it does first; searches are one thing less.
        const int KillsPerComparison = 3;
        string folder = Directory.CreateTempSubdirectory("ann-kill-").FullName;
        string steadyFolder = Directory.CreateTempSubdirectory("ann-steady-").FullName;
        try
        {
            await using NeverKilled steady = await NeverKilled.OpenAsync(steadyFolder, Config());
            var ledger = new Ledger(trustsSent: false);
            var ordered = new OrderedClient(Ordered, Dimension, seed: 1);
            var random = new Random(2);
            int walks = 0;
            for (int round = 0; round <= Kills; round++)
            {
                // One point at a time, so that its graph is a function of the order of its changes.
                await using ServerProcess server = await ServerProcess.StartAsync(folder, planningThreads: 1, Cancellation);
                using GrpcChannel channel = server.Connect();
                Dictionary<ulong, PointState> actual = await RecoverAsync(channel, ledger, isNew: round == 0);
                List<OrderedChange> recovered = Prefix(ordered.InFlight, actual);
                await steady.ApplyAsync(ordered.Acknowledged.Concat(recovered));
                ordered.Resume(ordered.Acknowledged.Count + recovered.Count);
                Assert.Equal(ordered.Points.OrderBy(p => p.Key), actual.OrderBy(p => p.Key));
                Assert.Equal(steady.Count, actual.Count);
                if (round % KillsPerComparison == 0 || round == Kills)
                {
                    walks += await CompareAnswersAsync(channel, steady, random);
                }

                if (round < Kills)
                {
                    await WriteAndKillAsync(server, ledger, ordered, round, 40 + random.Next(160));
                }
            }

            Assert.True(ledger.Acknowledgements > Kills * 40, $"{ledger.Acknowledgements} acknowledged");
            Assert.True(walks > Kills / KillsPerComparison, $"{walks} walks, {ordered.Points.Count} points in order");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            Directory.Delete(steadyFolder, recursive: true);
        }
    }

    [Fact]
    public async Task Kill_DuringWritesPlannedSideBySide_LosesNothingAcknowledgedAndHasABeginningOfWhatWasNot()
    {
        const int Kills = 12;
        string folder = Directory.CreateTempSubdirectory("ann-kill-").FullName;
        try
        {
            var ledger = new Ledger(trustsSent: false);
            var ordered = new OrderedClient(Ordered, Dimension, seed: 3);
            var random = new Random(4);
            for (int round = 0; round <= Kills; round++)
            {
                await using ServerProcess server = await ServerProcess.StartAsync(folder, planningThreads: 4, Cancellation);
                using GrpcChannel channel = server.Connect();
                Dictionary<ulong, PointState> actual = await RecoverAsync(channel, ledger, isNew: round == 0);
                ordered.Resume(ordered.Acknowledged.Count + Prefix(ordered.InFlight, actual).Count);
                Assert.Equal(ordered.Points.OrderBy(p => p.Key), actual.OrderBy(p => p.Key));
                if (round < Kills)
                {
                    await WriteAndKillAsync(server, ledger, ordered, round, 40 + random.Next(160));
                }
            }

            Assert.True(ledger.Acknowledgements > Kills * 40, $"{ledger.Acknowledgements} acknowledged");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Kill_DuringWritesOfEveryDurability_TakesBackNoneFsyncedAndOthersFromTheEndOnly()
    {
        const int Kills = 3;
        string folder = Directory.CreateTempSubdirectory("ann-kill-").FullName;
        try
        {
            var ordered = new OrderedClient(Ordered, Dimension, seed: 5)
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
                    await CreateAsync(channel, Ordered);
                }

                int recovered = ordered.Recovered(await ReadAsync(channel, Ordered));
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
                await CreateAsync(channel, Ordered);
                var points = new Points.PointsClient(channel);
                await points.UpsertAsync(Upsert(Durability.Memory, 1));
                await points.UpsertAsync(Upsert(Durability.Fsynced, 2));
                fsynced = await ReadAsync(channel, Ordered);
                await points.UpsertAsync(Upsert(Durability.Memory, 2));
                lost = (await points.UpsertAsync(Upsert(Durability.Memory, 3))).Sequence;
                Assert.Equal([1UL, 2UL, 3UL], (await ReadAsync(channel, Ordered)).Keys.Order());
                await server.KillAsync();
            }

            await using ServerProcess restarted = await ServerProcess.StartAsync(folder, 0, Cancellation);
            using GrpcChannel again = restarted.Connect();
            Assert.Equal(fsynced.OrderBy(p => p.Key), (await ReadAsync(again, Ordered)).OrderBy(p => p.Key));
            RpcException fence = await Assert.ThrowsAsync<RpcException>(async () => await new Points.PointsClient(again).CountAsync(
                new CountRequest { Collection = Ordered, ReadAfter = lost }));
            Assert.Equal(StatusCode.FailedPrecondition, fence.StatusCode);

            UpsertRequest Upsert(Durability durability, ulong id) =>
                new() { Collection = Ordered, Points = { PointState.Random(random, Dimension).ToPoint(id) }, Durability = durability };
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
        string folder = Directory.CreateTempSubdirectory("ann-kill-").FullName;
        try
        {
            var ledger = new Ledger(trustsSent: true);
            var wrong = new List<string>();
            for (int round = 0; round <= MaxKills && wrong.Count == 0; round++)
            {
                await using ServerProcess server = await ServerProcess.StartAsync(folder, planningThreads: 0, Cancellation);
                using GrpcChannel channel = server.Connect();
                if (round == 0)
                {
                    await CreateAsync(channel, Churned);
                }

                wrong = ledger.Recover(await ReadAsync(channel, Churned));
                await WriteAndKillAsync(server, ledger, null, round, 100);
            }

            Assert.NotEmpty(wrong);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // What is there after a start: of the churned points nothing that was acknowledged is missing, those in order are returned.
    private static async Task<Dictionary<ulong, PointState>> RecoverAsync(GrpcChannel channel, Ledger ledger, bool isNew)
    {
        if (isNew)
        {
            await CreateAsync(channel, Churned);
            await CreateAsync(channel, Ordered);
        }

        Assert.Empty(ledger.Recover(await ReadAsync(channel, Churned)));
        return await ReadAsync(channel, Ordered);
    }

    private static async Task WriteAndKillAsync(ServerProcess server, Ledger ledger, OrderedClient? ordered, int round, int acknowledgements)
    {
        long enough = ledger.Acknowledgements + acknowledgements;
        using GrpcChannel churning = server.Connect();
        using GrpcChannel inOrder = server.Connect();
        Task writing = Task.WhenAll(
            new ChurnClient(ledger, Churned, Dimension).RunAsync(churning, round * 10),
            new CheckpointClient().RunAsync(churning),
            ordered?.RunAsync(inOrder) ?? Task.CompletedTask);
        while (ledger.Acknowledgements < enough && !writing.IsCompleted)
        {
            await Task.Delay(1, Cancellation);
        }

        await server.KillAsync();
        await writing;
    }

    // The changes in flight that the log has: some first ones, never one without those before it.
    private static List<OrderedChange> Prefix(IReadOnlyList<OrderedChange> changes, Dictionary<ulong, PointState> actual)
    {
        bool[] made = [.. changes.Select(change => actual.GetValueOrDefault(change.Id) == change.State)];
        int count = made.TakeWhile(isMade => isMade).Count();
        Assert.DoesNotContain(true, made[count..]);
        return [.. changes.Take(count)];
    }

    // How many of the answers came from a walk over the graph.
    private static async Task<int> CompareAnswersAsync(GrpcChannel channel, NeverKilled steady, Random random)
    {
        int walks = 0;
        var client = new Points.PointsClient(channel);
        for (int i = 0; i < 6; i++)
        {
            PointState query = PointState.Random(random, Dimension);
            int ef = i % 2 == 0 ? 12 : 60;
            SearchResponse answer = await client.SearchAsync(new SearchRequest
            {
                Collection = Ordered,
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

    private static async Task<Dictionary<ulong, PointState>> ReadAsync(GrpcChannel channel, string collection)
    {
        var client = new Points.PointsClient(channel);
        var points = new Dictionary<ulong, PointState>();
        var request = new ScrollRequest { Collection = collection, PageSize = 2000, WithAttributes = true, WithVector = true };
        do
        {
            ScrollResponse page = await client.ScrollAsync(request);
            foreach (Wire.Point point in page.Points)
            {
                points.Add(point.Id.Num, PointState.Of(point));
            }

            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal((ulong)points.Count, (await client.CountAsync(new CountRequest { Collection = collection })).Count);
        return points;
    }

    private static Model.CollectionConfig Config() => new()
    {
        Name = Ordered,
        Dimension = Dimension,
        Metric = Model.Metric.L2,
        Hnsw = new Model.HnswConfig { M = 6, EfConstruction = 40 },
        Attributes = [new Model.AttributeSchema("number", Model.AttributeType.Int64)],
    };

    private static async Task CreateAsync(GrpcChannel channel, string name) =>
        await new Collections.CollectionsClient(channel).CreateCollectionAsync(new CreateCollectionRequest
        {
            Config = new Wire.CollectionConfig
            {
                Name = name,
                Dimension = Dimension,
                Metric = Wire.Metric.L2,
                Hnsw = new Wire.HnswConfig { M = 6, EfConstruction = 40, Seed = new Model.HnswConfig().Seed },
                Attributes = { new Wire.AttributeSchema { Name = "number", Type = Wire.AttributeType.Int64 } },
            },
        });
}
