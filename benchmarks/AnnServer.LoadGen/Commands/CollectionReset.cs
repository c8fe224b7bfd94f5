using AnnServer.Protocol.V1;
using Grpc.Core;

namespace AnnServer.LoadGen.Commands;

/// <summary>Drops a collection that may not be there.</summary>
internal static class CollectionReset
{
    public static async Task DropAsync(Collections.CollectionsClient collections, string name, CancellationToken cancellationToken)
    {
        try
        {
            await collections.DeleteCollectionAsync(new DeleteCollectionRequest { Name = name }, cancellationToken: cancellationToken);
        }
        catch (RpcException failure) when (failure.StatusCode == StatusCode.NotFound)
        {
            // There was nothing to drop, which is what is wanted.
            return;
        }
    }
}
