using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.LoadGen.Tests.InMemory;

internal sealed class InMemoryCollections(PointTable table) : Collections.CollectionsBase
{
    public override Task<CreateCollectionResponse> CreateCollection(CreateCollectionRequest request, ServerCallContext context) =>
        Task.FromResult(new CreateCollectionResponse { Collection = new CollectionInfo { Config = request.Config } });

    public override Task<DeleteCollectionResponse> DeleteCollection(DeleteCollectionRequest request, ServerCallContext context) =>
        throw new RpcException(new Status(StatusCode.NotFound, "There are no collections."));

    public override Task<GetCollectionResponse> GetCollection(GetCollectionRequest request, ServerCallContext context) => Task.FromResult(
        new GetCollectionResponse { Collection = new CollectionInfo { Config = new CollectionConfig { Metric = table.Metric } } });
}
