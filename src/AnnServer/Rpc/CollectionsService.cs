using AnnServer.Engine.Collections;
using AnnServer.Engine.Model;
using AnnServer.Hosting;
using AnnServer.Protocol.V1;
using AnnServer.Security;
using Grpc.Core;

namespace AnnServer.Rpc;

internal sealed class CollectionsService(DatabaseHost database) : Protocol.V1.Collections.CollectionsBase
{
    public override async Task<CreateCollectionResponse> CreateCollection(CreateCollectionRequest request, ServerCallContext context)
    {
        Faults faults = new();
        Engine.Model.CollectionConfig config = CollectionMapper.ToModel(request.Config, faults);
        var created = await database.Current.CreateCollectionAsync(config, faults, context.CancellationToken);
        return new CreateCollectionResponse { Collection = CollectionMapper.ToWire(created.OrThrow()) };
    }

    public override Task<GetCollectionResponse> GetCollection(GetCollectionRequest request, ServerCallContext context)
    {
        Collection collection = database.Current.GetCollection(request.Name).OrThrow();
        return Task.FromResult(new GetCollectionResponse { Collection = CollectionMapper.ToWire(collection.GetInfo()) });
    }

    public override Task<ListCollectionsResponse> ListCollections(ListCollectionsRequest request, ServerCallContext context)
    {
        ListCollectionsResponse response = new();
        Caller? caller = Caller.Of(context);
        foreach (Collection collection in database.Current.ListCollections())
        {
            if (caller?.May(Role.Read, collection.Config.Name) == false)
            {
                continue;
            }

            response.Collections.Add(CollectionMapper.ToWire(collection.GetInfo()));
        }

        return Task.FromResult(response);
    }

    public override async Task<UpdateCollectionResponse> UpdateCollection(UpdateCollectionRequest request, ServerCallContext context)
    {
        Faults faults = new();
        var added = CollectionMapper.ToModel(request.AddAttributes, "add_attributes", faults);
        var updated = await database.Current.UpdateCollectionAsync(
            request.Name, added, request.DropAttributes, faults, context.CancellationToken);
        return new UpdateCollectionResponse { Collection = CollectionMapper.ToWire(updated.OrThrow()) };
    }

    public override async Task<DeleteCollectionResponse> DeleteCollection(DeleteCollectionRequest request, ServerCallContext context)
    {
        (await database.Current.DeleteCollectionAsync(request.Name, context.CancellationToken)).OrThrow();
        return new DeleteCollectionResponse();
    }
}
