using AnnServer.Protocol.V1;
using AnnServer.Rpc.Searching;

namespace AnnServer.Security;

/// <summary>The collection that a message is about.</summary>
internal static class RequestCollection
{
    /// <returns>Empty where the message names none; null for a message of no known kind.</returns>
    public static string? Of(object message) => message switch
    {
        WireSearch search => search.Collection,
        WireSearchBatch batch => batch.Collection,
        UpsertRequest upsert => upsert.Collection,
        GetRequest get => get.Collection,
        SearchRequest search => search.Collection,
        SearchBatchRequest batch => batch.Collection,
        DeleteRequest delete => delete.Collection,
        UpdateAttributesRequest update => update.Collection,
        CountRequest count => count.Collection,
        ScrollRequest scroll => scroll.Collection,
        FacetsRequest facets => facets.Collection,
        SampleRequest sample => sample.Collection,
        GetCollectionRequest get => get.Name,
        CreateCollectionRequest create => create.Config?.Name ?? "",
        UpdateCollectionRequest update => update.Name,
        DeleteCollectionRequest delete => delete.Name,
        AuditGraphRequest audit => audit.Collection,
        _ => null,
    };
}
