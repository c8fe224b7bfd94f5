using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class VectorStorageTests(ServerFixture server) : ServerTest(server)
{
    [Fact]
    public async Task Float16_AcrossARestart_GivesBackWhatWasRounded()
    {
        float[] given = [0.1f, -65504, 1e-7f, 2049];
        float[] kept = Array.ConvertAll(given, element => (float)(Half)element);
        string collection = await CreateHalvesAsync();
        await UpsertAsync(collection, Make.Point(1, Make.Vector(given)), Make.Point(2, Make.Vector(1, 2, 3, 4)));
        SearchRequest search = new() { Collection = collection, Vector = Make.Vector(kept), K = 2, WithVector = true };
        CollectionInfo before = await DescribeAsync(collection);
        SearchResponse answer = await Server.Points.SearchAsync(search, cancellationToken: Cancellation);

        Assert.Equal(VectorStorage.Float16, before.Config.VectorStorage);
        Assert.Equal(kept, Make.Floats(answer.Hits[0].Vector));
        Assert.Equal(0f, answer.Hits[0].Score);
        await Server.StopAsync();
        await Server.StartAsync();

        Assert.Equal(answer, await Server.Points.SearchAsync(search, cancellationToken: Cancellation));
        Assert.Equal(before.Config, (await DescribeAsync(collection)).Config);
        var read = await Server.Points.GetAsync(
            new GetRequest { Collection = collection, Ids = { Make.Id(1) }, WithVector = true }, cancellationToken: Cancellation);
        Assert.Equal(kept, Make.Floats(read.Points[0].Vector));
    }

    [Fact]
    public async Task Upsert_BeyondFloat16_NamesEveryVectorAndTheBoundAndChangesNothing()
    {
        string collection = await CreateHalvesAsync();

        RpcException error = await FailsAsync(Server.Points.UpsertAsync(
            new UpsertRequest
            {
                Collection = collection,
                Points = { Make.Point(1, Make.Vector(1, 2, 3, 4)), Make.Point(2, Make.Vector(1, 2, 3, 65505)), Make.Point(3, Make.Vector(-7e4f, 0, 0, 0)) },
            },
            cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(["points[1].vector", "points[2].vector"], Make.FaultyFields(error).Order());
        Assert.Contains("65504", error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(0UL, await CountAsync(collection));
    }

    private async Task<string> CreateHalvesAsync()
    {
        CollectionConfig config = new()
        {
            Name = $"halves-{Guid.NewGuid():N}",
            Dimension = 4,
            Metric = Metric.L2,
            VectorStorage = VectorStorage.Float16,
        };
        await Server.Collections.CreateCollectionAsync(new CreateCollectionRequest { Config = config }, cancellationToken: Cancellation);
        return config.Name;
    }
}
