using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class CollectionsTests(ServerFixture server) : ServerTest(server)
{
    [Fact]
    public async Task CreateCollection_EverySetting_ComesBackAsGiven()
    {
        CollectionConfig config = new()
        {
            Name = "Every.Setting_1-x",
            Dimension = 7,
            Metric = Metric.Dot,
            Quantization = Quantization.Int8,
            VectorStorage = VectorStorage.Float16,
            VectorPlacement = VectorPlacement.Disk,
            Hnsw = new HnswConfig { M = 8, EfConstruction = 99, Seed = 5 },
        };
        foreach (AttributeType type in Enum.GetValues<AttributeType>().Where(type => type != AttributeType.Unspecified))
        {
            config.Attributes.Add(new AttributeSchema { Name = $"a_{type}", Type = type });
        }

        var created = await Server.Collections.CreateCollectionAsync(new CreateCollectionRequest { Config = config }, cancellationToken: Cancellation);
        var read = await Server.Collections.GetCollectionAsync(new GetCollectionRequest { Name = config.Name }, cancellationToken: Cancellation);

        Assert.Equal(config, created.Collection.Config);
        Assert.Equal(config, read.Collection.Config);
        Assert.Equal(CollectionState.Ready, read.Collection.State);
        Assert.Equal(0UL, read.Collection.Points);
    }

    [Fact]
    public async Task CreateCollection_NoHnsw_TakesTheDocumentedDefaults()
    {
        string collection = await CreateAsync();

        var read = await Server.Collections.GetCollectionAsync(new GetCollectionRequest { Name = collection }, cancellationToken: Cancellation);

        Assert.Equal(new HnswConfig { M = 16, EfConstruction = 200, Seed = 42 }, read.Collection.Config.Hnsw);
        Assert.Equal(VectorStorage.Float32, read.Collection.Config.VectorStorage);
        Assert.Equal(VectorPlacement.Memory, read.Collection.Config.VectorPlacement);
    }

    [Theory]
    [InlineData(16, Quantization.None)]
    [InlineData(17, Quantization.Int8)]
    [InlineData(511, Quantization.Int8)]
    [InlineData(512, Quantization.Int4)]
    public async Task CreateCollection_NoQuantization_IsDecidedByTheDimension(uint dimension, Quantization expected)
    {
        CollectionConfig config = new() { Name = $"automatic-{dimension}", Dimension = dimension, Metric = Metric.L2 };

        var created = await Server.Collections.CreateCollectionAsync(new CreateCollectionRequest { Config = config }, cancellationToken: Cancellation);
        var read = await Server.Collections.GetCollectionAsync(new GetCollectionRequest { Name = config.Name }, cancellationToken: Cancellation);

        Assert.Equal(expected, created.Collection.Config.Quantization);
        Assert.Equal(expected, read.Collection.Config.Quantization);
    }

    [Fact]
    public async Task GetCollection_AfterUpserts_CountsPointsAndMemory()
    {
        string collection = await CreateAsync();
        await UpsertAsync(collection, Make.Point(1, Make.Vector(1, 0, 0, 0)), Make.Point(2, Make.Vector(0, 1, 0, 0)));

        CollectionInfo info = (await Server.Collections.GetCollectionAsync(
            new GetCollectionRequest { Name = collection }, cancellationToken: Cancellation)).Collection;

        Assert.Equal(2UL, info.Points);
        MemoryUsage memory = info.Memory;
        Assert.True(memory.Vectors >= 32);
        Assert.Equal(memory.Vectors + memory.Graph + memory.Ids + memory.Attributes + memory.AttributeIndexes, memory.Total);
    }

    [Fact]
    public async Task ListCollections_Several_AreOrderedByName()
    {
        string first = await CreateAsync();
        string second = await CreateAsync();

        var listed = await Server.Collections.ListCollectionsAsync(new ListCollectionsRequest(), cancellationToken: Cancellation);

        string[] names = [.. listed.Collections.Select(info => info.Config.Name)];
        Assert.Contains(first, names);
        Assert.Contains(second, names);
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
    }

    [Fact]
    public async Task UpdateCollection_AddAndDropAttributes_ChangesTheSchemaAndKeepsFiltersWorking()
    {
        string collection = await CreateAsync(attributes: new AttributeSchema { Name = "lang", Type = AttributeType.Keyword });
        await UpsertAsync(collection, Make.Point(1, Make.Vector(1, 0, 0, 0), ("lang", Make.Text("en")), ("year", Make.Int(2020))));

        var updated = await Server.Collections.UpdateCollectionAsync(
            new UpdateCollectionRequest
            {
                Name = collection,
                AddAttributes = { new AttributeSchema { Name = "year", Type = AttributeType.Int64 } },
                DropAttributes = { "lang" },
            },
            cancellationToken: Cancellation);

        Assert.Equal([new AttributeSchema { Name = "year", Type = AttributeType.Int64 }], updated.Collection.Config.Attributes);
        Assert.Equal(1UL, await CountAsync(collection, "lang = \"en\" AND year >= 2020"));
    }

    [Fact]
    public async Task DeleteCollection_Existing_IsGoneAndItsNameIsFree()
    {
        string collection = await CreateAsync();
        await UpsertAsync(collection, Make.Point(1, Make.Vector(1, 0, 0, 0)));

        await Server.Collections.DeleteCollectionAsync(new DeleteCollectionRequest { Name = collection }, cancellationToken: Cancellation);

        RpcException error = await FailsAsync(Server.Points.CountAsync(new CountRequest { Collection = collection }, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        await Server.Collections.CreateCollectionAsync(
            new CreateCollectionRequest { Config = new CollectionConfig { Name = collection, Dimension = 2, Metric = Metric.Dot } },
            cancellationToken: Cancellation);
        Assert.Equal(0UL, await CountAsync(collection));
    }
}
