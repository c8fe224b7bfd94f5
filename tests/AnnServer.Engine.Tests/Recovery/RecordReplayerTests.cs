using System.Buffers.Binary;
using AnnServer.Core.Graph;
using AnnServer.Core.Search;
using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Engine.Recovery;
using AnnServer.Engine.Tests.Collections;
using AnnServer.Storage;

namespace AnnServer.Engine.Tests.Recovery;

/// <summary>Replay of good and of damaged records.</summary>
public sealed class RecordReplayerTests
{
    private const int Dimension = 6;

    private static readonly EngineLimits Limits = new() { MaxPointsPerCollection = 5000 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OnRecord_VectorsExchanged_GivesTheSameLinks()
    {
        List<LoggedRecord> records = await RecordAsync(seed: 21, points: 300);
        using CollectionData expected = Replay(records);

        // Were any distance computed in a replay, other vectors would lead to other links.
        var random = new Random(5);
        List<LoggedRecord> changed = records.ConvertAll(record => record.Operation == Operation.Upsert ? WithOtherVector(record, random) : record);
        using CollectionData actual = Replay(changed);

        Assert.Equal(GraphText.Of(expected.Index), GraphText.Of(actual.Index));
        Assert.NotEqual(Vector(expected, 7), Vector(actual, 7));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task OnRecord_DamagedPayload_ThrowsCorruptionOrLeavesASearchableGraph(int seed)
    {
        List<LoggedRecord> records = await RecordAsync(seed, points: 40);
        var random = new Random(seed);
        int refused = 0;
        int accepted = 0;
        for (int trial = 0; trial < 1500; trial++)
        {
            int at = random.Next(records.Count);
            var replayer = new RecordReplayer(Limits, disk: null);
            try
            {
                for (int i = 0; i < records.Count; i++)
                {
                    (i == at ? Damage(records[i], random) : records[i]).ReplayTo(replayer);
                }

                replayer.Complete();
                accepted++;
                foreach (CollectionData data in replayer.Collections)
                {
                    SearchEverywhere(data, random);
                }
            }
            catch (StorageCorruptionException)
            {
                refused++;
            }
            finally
            {
                foreach (CollectionData data in replayer.Collections)
                {
                    data.Dispose();
                }
            }
        }

        Assert.True(refused > 500, $"{refused} refused");
        Assert.True(accepted > 50, $"{accepted} accepted");
    }

    [Fact]
    public async Task OnRecord_LinkToANodeThatIsNotOnTheLayer_Throws()
    {
        List<LoggedRecord> records = await RecordAsync(seed: 31, points: 200);
        var replayer = new RecordReplayer(Limits, disk: null);
        records.ForEach(record => record.ReplayTo(replayer));
        using CollectionData data = replayer.Collections.Single();
        uint high = Enumerable.Range(0, 200).Select(i => (uint)i).First(i => data.Index.TopLayer(i) > 0);
        uint low = Enumerable.Range(0, 200).Select(i => (uint)i).First(i => data.Index.TopLayer(i) == 0);
        var writer = new RecordWriter();
        writer.WriteUInt32(1);
        writer.WriteRow(new RowKey(high, 1), [low]);

        var record = new LoggedRecord(Operation.SetLinks, data.Number, writer.Payload.ToArray());
        Assert.Throws<StorageCorruptionException>(() => record.ReplayTo(replayer));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"name":"a","dimension":1073741840,"metric":"L2"}""")]
    [InlineData("""{"name":null,"dimension":4,"metric":"L2"}""")]
    [InlineData("""{"name":"a","dimension":4,"metric":"L2","hnsw":null}""")]
    [InlineData("""{"name":"a","dimension":4,"metric":"L2","attributes":null}""")]
    [InlineData("""{"name":"a","dimension":4,"metric":"L2","attributes":[null]}""")]
    [InlineData("""{"name":"a","dimension":4,"metric":7}""")]
    [InlineData("""{"name":"a","dimension":4,"metric":"L2","attributes":[{"name":"x","type":"Bool"},{"name":"x","type":"Bool"}]}""")]
    [InlineData("""{"name":"a","dimension":4,"metric":"L2","hnsw":{"m":1,"ef_construction":1}}""")]
    [InlineData("""{"name":"a","dimension":4,"metric":"L2","later":1}""")]
    [InlineData("""{"name":"a","dimension":4,"metric":"L2","vector_storage":"Float8"}""")]
    [InlineData("""{"name":"a","dimension":4,"metric":"L2","vector_storage":7}""")]
    public void OnRecord_ConfigurationThatIsNone_Throws(string json)
    {
        var writer = new RecordWriter();
        writer.WriteBytes(System.Text.Encoding.UTF8.GetBytes(json));
        var record = new LoggedRecord(Operation.CreateCollection, 1, writer.Payload.ToArray());
        Assert.Throws<StorageCorruptionException>(() => record.ReplayTo(new RecordReplayer(Limits, disk: null)));
    }

    [Fact]
    public void OnRecord_ConfigurationOfTheNecessary_TakesDefaults()
    {
        var writer = new RecordWriter();
        writer.WriteBytes("""{"name":"a","dimension":4,"metric":"Dot"}"""u8);
        var replayer = new RecordReplayer(Limits, disk: null);
        new LoggedRecord(Operation.CreateCollection, 1, writer.Payload.ToArray()).ReplayTo(replayer);
        using CollectionData data = replayer.Collections.Single();
        Assert.Equal(new HnswConfig(), data.Config.Hnsw);
        Assert.Empty(data.Config.Attributes);
        Assert.Equal(VectorStorage.Float32, data.Config.VectorStorage);
    }

    private static float[] Vector(CollectionData data, uint ordinal)
    {
        float[] vector = new float[Dimension];
        data.Index.CopyVector(ordinal, vector);
        return vector;
    }

    // A collection with inserts, replacements, deletes, attribute updates, schema changes and the records of a sweep.
    private static async Task<List<LoggedRecord>> RecordAsync(int seed, int points)
    {
        var random = new Random(seed);
        using var folder = new DataFolder();
        await using (TestDatabase test = await TestDatabase.OpenAsync(folder, Limits))
        {
            var config = new CollectionConfig
            {
                Name = "points",
                Dimension = Dimension,
                Metric = (Metric)(1 + (seed % 3)),
                VectorStorage = seed % 2 == 0 ? VectorStorage.Float16 : VectorStorage.Float32,
                Hnsw = new HnswConfig { M = 4, EfConstruction = 10 },
                Attributes = RandomPoints.Schema[..3],
            };
            Collection collection = await test.CreateAsync(config);
            var workload = new Workload(random, new ModelCollection(config), 4);
            await workload.Upsert([.. Enumerable.Range(0, points).Select(i => workload.RandomPoint(RandomPoints.Id(i)))])(collection);
            await workload.UpdateAttributes(10)(collection);
            await workload.Upsert([.. Enumerable.Range(0, 10).Select(i => workload.RandomPoint(RandomPoints.Id(i * 2)))])(collection);
            await workload.Delete([.. Enumerable.Range(5, 8).Select(RandomPoints.Id)])(collection);
            Assert.Null((await test.Database.UpdateCollectionAsync(
                "points", RandomPoints.Schema[3..], ["n"], new Faults(), Cancellation)).Error);
        }

        List<LoggedRecord> records = await LoggedRecord.ReadAllAsync(folder.Path);
        records.AddRange(SweepRecords(records));
        return records;
    }

    // What a sweep of the replayed collection writes: a row as it is, and the slots that are given back.
    private static List<LoggedRecord> SweepRecords(List<LoggedRecord> records)
    {
        using CollectionData data = Replay(records);
        var links = new RecordWriter();
        links.WriteUInt32(1);
        links.WriteRow(new RowKey(0, 0), data.Index.Links(new RowKey(0, 0)));
        var forgotten = new RecordWriter();
        forgotten.WriteOrdinals([.. data.Hidden.Order()]);
        return
        [
            new LoggedRecord(Operation.SetLinks, data.Number, links.Payload.ToArray()),
            new LoggedRecord(Operation.Forget, data.Number, forgotten.Payload.ToArray()),
        ];
    }

    private static CollectionData Replay(List<LoggedRecord> records)
    {
        var replayer = new RecordReplayer(Limits, disk: null);
        records.ForEach(record => record.ReplayTo(replayer));
        replayer.Complete();
        return replayer.Collections.Single();
    }

    private static LoggedRecord WithOtherVector(LoggedRecord record, Random random)
    {
        byte[] payload = [.. record.Payload];
        // The identifier, the slot and the replaced slot come first.
        int idBytes = payload[0] == 0 ? 9 : 3 + BinaryPrimitives.ReadUInt16LittleEndian(payload.AsSpan(1));
        for (int i = 0; i < Dimension; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(payload.AsSpan(idBytes + 8 + (i * 4)), random.NextSingle());
        }

        return record with { Payload = payload };
    }

    private static LoggedRecord Damage(LoggedRecord record, Random random)
    {
        byte[] payload = [.. record.Payload];
        switch (random.Next(7))
        {
            case 0:
                return record with { Payload = payload[..random.Next(payload.Length)] };
            case 1:
                return record with { Payload = [.. payload, .. new byte[1 + random.Next(8)]] };
            case 2:
                return record with { Operation = (Operation)random.Next(12) };
            case 3:
                return record with { Collection = (uint)random.Next(4) };
            case 4:
                random.NextBytes(payload);
                return record with { Payload = payload };
            case 5 when payload.Length >= 4:
                uint[] values = [0, 1, 7, 63, 64, 4095, 5000, 0x10000, 0x4000_0010, 0x7FFF_FFFF, 0x8000_0000, uint.MaxValue];
                BinaryPrimitives.WriteUInt32LittleEndian(
                    payload.AsSpan(random.Next(payload.Length - 3)), values[random.Next(values.Length)]);
                return record with { Payload = payload };
            default:
                payload[random.Next(payload.Length)] ^= (byte)(1 << random.Next(8));
                return record with { Payload = payload };
        }
    }

    // Touches every row on every layer and every vector.
    private static void SearchEverywhere(CollectionData data, Random random)
    {
        using ScratchPool.Scope scope = new ScratchPool().Rent();
        float[] query = RandomPoints.Vector(random, data.Index.Parameters.Dimension);
        data.Index.Search(query, new SearchEffort(200, 200, long.MaxValue), null, scope.Scratch, Cancellation);
        data.Index.SearchExact(query, 200, null, scope.Scratch, Cancellation);
        Assert.True(scope.Scratch.ResultCount <= data.Index.LiveCount);
        Assert.DoesNotContain(
            GraphAudit.FindFaults(data.Index),
            fault => fault.Contains("beyond", StringComparison.Ordinal) || fault.Contains("reach the layer", StringComparison.Ordinal));
        Assert.Equal(data.Index.LiveCount, data.Ids.Count);
        for (uint ordinal = 0; ordinal < data.Index.SlotCount; ordinal++)
        {
            Assert.True(!data.Index.IsLive(ordinal) || (data.Ids.TryGet(data.Ids.Id(ordinal), out uint mapped) && mapped == ordinal));
        }
    }
}
