using AnnServer.FunctionalTests.Infrastructure;
using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.FunctionalTests.Rpc;

public sealed class AuditGraphTests(ServerFixture server) : ServerTest(server)
{
    private const int M = 5;

    [Fact]
    public async Task AuditGraph_EmptyCollection_CountsNothing()
    {
        Assert.Equal(new AuditGraphResponse(), await AuditAsync(await CreateAsync()));
    }

    [Fact]
    public async Task AuditGraph_PointsSomeDeleted_CountsThoseThatAreLeft()
    {
        string collection = await CreateLinkedAsync();
        await UpsertAsync(collection, [.. Enumerable.Range(0, 500).Select(Point)]);
        AuditGraphResponse full = await AuditAsync(collection);
        await Server.Points.DeleteAsync(
            new DeleteRequest { Collection = collection, Ids = new PointIdList { Ids = { Enumerable.Range(0, 100).Select(i => Make.Id((ulong)i)) } } },
            cancellationToken: Cancellation);
        AuditGraphResponse left = await AuditAsync(collection);

        Assert.Equal((500UL, 0UL), (full.Points, full.DeletedSlots));
        // Too few are deleted for a sweep.
        Assert.Equal((400UL, 100UL), (left.Points, left.DeletedSlots));
        foreach (AuditGraphResponse audit in new[] { full, left })
        {
            Assert.Equal((audit.Points, 0UL, 0UL), (audit.Reachable, audit.Unreachable, audit.DanglingLinks));
            Assert.InRange(audit.Layers.Count, 2, 12);
            Assert.Equal(audit.Points, audit.Layers[0].Nodes);
            for (int i = 0; i < audit.Layers.Count; i++)
            {
                GraphLayer layer = audit.Layers[i];
                Assert.Equal((uint)i, layer.Layer);
                Assert.Equal((double)layer.Links / layer.Nodes, layer.MeanLinks);
                Assert.InRange(layer.MaxLinks, layer.MeanLinks, i == 0 ? 2 * M : M);
                Assert.InRange(layer.OneWayLinks, 0UL, layer.Links);
                Assert.True(i == 0 || layer.Nodes < audit.Layers[i - 1].Nodes);
            }
        }
    }

    [Fact]
    public async Task AuditGraph_WhilePointsAreWritten_AnswersSoundly()
    {
        string collection = await CreateLinkedAsync();
        await UpsertAsync(collection, [.. Enumerable.Range(0, 300).Select(Point)]);
        Task writing = Task.Run(
            async () =>
            {
                // Each replaces every point, so that sweeps give slots to others meanwhile.
                for (int round = 0; round < 8; round++)
                {
                    await UpsertAsync(collection, [.. Enumerable.Range(0, 300).Select(Point)]);
                }
            },
            Cancellation);
        do
        {
            AuditGraphResponse audit = await AuditAsync(collection);
            Assert.Equal((300UL, 0UL), (audit.Points, audit.DanglingLinks));
        }
        while (!writing.IsCompleted);

        await writing;
    }

    [Fact]
    public async Task AuditGraph_GivenUp_IsCancelled()
    {
        string collection = await CreateAsync();
        using CancellationTokenSource givenUp = new();
        await givenUp.CancelAsync();

        RpcException error = await FailsAsync(
            Server.Admin.AuditGraphAsync(new AuditGraphRequest { Collection = collection }, cancellationToken: givenUp.Token));

        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
    }

    private static Point Point(int i)
    {
        Random random = new(i);
        return Make.Point((ulong)i, Make.Vector([.. Enumerable.Range(0, 8).Select(_ => random.NextSingle())]));
    }

    private async Task<string> CreateLinkedAsync()
    {
        CollectionConfig config = new()
        {
            Name = $"c-{Guid.NewGuid():N}",
            Dimension = 8,
            Metric = Metric.L2,
            Hnsw = new HnswConfig { M = M, EfConstruction = 40 },
        };
        await Server.Collections.CreateCollectionAsync(new CreateCollectionRequest { Config = config }, cancellationToken: Cancellation);
        return config.Name;
    }

    private async Task<AuditGraphResponse> AuditAsync(string collection) =>
        await Server.Admin.AuditGraphAsync(new AuditGraphRequest { Collection = collection }, cancellationToken: Cancellation);
}
