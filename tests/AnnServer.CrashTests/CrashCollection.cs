using AnnServer.Protocol.V1;
using Grpc.Net.Client;
using Model = AnnServer.Engine.Model;

namespace AnnServer.CrashTests;

/// <summary>A small collection, as it is made over the wire and in this process, and all that it holds.</summary>
internal static class CrashCollection
{
    public const int Dimension = 8;

    private const int M = 6;
    private const int EfConstruction = 40;

    public static Model.CollectionConfig Config(string name) => new()
    {
        Name = name,
        Dimension = Dimension,
        Metric = Model.Metric.L2,
        Quantization = Model.Quantization.Int8,
        VectorPlacement = IsOnDisk(name) ? Model.VectorPlacement.Disk : Model.VectorPlacement.Memory,
        Hnsw = new Model.HnswConfig { M = M, EfConstruction = EfConstruction },
        Attributes = [new Model.AttributeSchema("number", Model.AttributeType.Int64)],
    };

    public static async Task CreateAsync(GrpcChannel channel, string name) =>
        await new Collections.CollectionsClient(channel).CreateCollectionAsync(new CreateCollectionRequest
        {
            Config = new CollectionConfig
            {
                Name = name,
                Dimension = Dimension,
                Metric = Metric.L2,
                Quantization = Quantization.Int8,
                VectorPlacement = IsOnDisk(name) ? VectorPlacement.Disk : VectorPlacement.Memory,
                Hnsw = new HnswConfig { M = M, EfConstruction = EfConstruction, Seed = new Model.HnswConfig().Seed },
                Attributes = { new AttributeSchema { Name = "number", Type = AttributeType.Int64 } },
            },
        });

    // One of each, in the same store.
    private static bool IsOnDisk(string name) => name == WriteLoad.Ordered;

    public static async Task<Dictionary<ulong, PointState>> ReadAsync(GrpcChannel channel, string name)
    {
        var client = new Points.PointsClient(channel);
        var points = new Dictionary<ulong, PointState>();
        var request = new ScrollRequest { Collection = name, PageSize = 2000, WithAttributes = true, WithVector = true };
        do
        {
            ScrollResponse page = await client.ScrollAsync(request);
            foreach (Point point in page.Points)
            {
                points.Add(point.Id.Num, PointState.Of(point));
            }

            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal((ulong)points.Count, (await client.CountAsync(new CountRequest { Collection = name })).Count);
        return points;
    }
}
