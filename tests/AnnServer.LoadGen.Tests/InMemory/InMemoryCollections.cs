using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.LoadGen.Tests.InMemory;

internal sealed class InMemoryCollections(PointTable table) : Collections.CollectionsBase
{
    /// <summary>The one name that no collection has.</summary>
    public const string Missing = "missing";

    public override Task<CreateCollectionResponse> CreateCollection(CreateCollectionRequest request, ServerCallContext context) =>
        Task.FromResult(new CreateCollectionResponse { Collection = new CollectionInfo { Config = request.Config } });

    public override Task<DeleteCollectionResponse> DeleteCollection(DeleteCollectionRequest request, ServerCallContext context) =>
        throw new RpcException(new Status(StatusCode.NotFound, "There are no collections."));

    public override Task<GetCollectionResponse> GetCollection(GetCollectionRequest request, ServerCallContext context)
    {
        if (request.Name == Missing)
            throw new RpcException(new Status(StatusCode.NotFound, "There is no such collection."));
        return Task.FromResult(new GetCollectionResponse { Collection = Describe(request.Name) });
    }

    public override Task<ListCollectionsResponse> ListCollections(ListCollectionsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListCollectionsResponse { Collections = { Describe("c") } });

    private CollectionInfo Describe(string name) => new() { Config = new CollectionConfig { Name = name, Metric = table.Metric } };
}
